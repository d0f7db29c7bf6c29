-- How each learner did in each part of each problem: at first, in the end, and when.
--
-- Grain: one row for each learner, problem and part (the input) that was graded.
-- Source: `person_item` of edx2bigquery and simeon, for all problems and not the graded ones alone.
-- The newest verdict is that of the learner's state, or of the newest `submission` of the server's
-- problem_check where there is no state. Times are those of problem_check, not of the state, which
-- tells when the problem was first seen.
-- Needs: problem_analysis, problem_check
-- Indexes: user_id; module_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | module_id | VARCHAR | usage key of the problem | none |
-- | item_id | VARCHAR | id of the part | none |
-- | item_grade | BIGINT | 1 if it is right in the end, else 0; null if nothing tells | sensitive |
-- | first_item_grade | BIGINT | 1 if it was right the first time, else 0; null if no event tells | sensitive |
-- | grade | DOUBLE | points earned in the problem, not weighted; null if no state tells | sensitive |
-- | max_grade | DOUBLE | points possible in the problem, not weighted | none |
-- | attempts | BIGINT | submissions to the problem | none |
-- | first_time | TIMESTAMP | when the learner first submitted the problem (UTC); null if no event tells | none |
-- | last_time | TIMESTAMP | when the learner last submitted it (UTC) | none |
WITH checks AS (
    SELECT * FROM problem_check WHERE user_id IS NOT NULL AND module_id IS NOT NULL
),
submitted AS (
    SELECT
        user_id,
        module_id,
        min(time) AS first_time,
        max(time) AS last_time,
        arg_max(attempts, (time, event_id)) AS attempts
    FROM checks
    GROUP BY user_id, module_id
),
verdicts AS (
    SELECT
        user_id,
        module_id,
        time,
        event_id,
        unnest(map_entries(json_transform(submission, '"MAP(VARCHAR, JSON)"'))) AS item
    FROM checks
),
told AS (
    SELECT
        user_id,
        module_id,
        item.key AS item_id,
        arg_min(try_cast(item.value ->> '$.correct' AS BOOLEAN), (time, event_id))
            AS first_correct,
        arg_max(try_cast(item.value ->> '$.correct' AS BOOLEAN), (time, event_id)) AS last_correct
    FROM verdicts
    GROUP BY user_id, module_id, item_id
)
SELECT
    user_id,
    module_id,
    item_id,
    coalesce(held.correct, told.last_correct)::BIGINT AS item_grade,
    told.first_correct::BIGINT AS first_item_grade,
    held.grade,
    held.max_grade,
    coalesce(nullif(held.attempts, 0), submitted.attempts) AS attempts,
    submitted.first_time,
    submitted.last_time
FROM problem_analysis AS held
FULL JOIN told USING (user_id, module_id, item_id)
LEFT JOIN submitted USING (user_id, module_id)
