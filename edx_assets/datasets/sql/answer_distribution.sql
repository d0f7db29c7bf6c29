-- How often each answer was given to each part of each problem, at first and in the end.
--
-- Grain: one row for each part of a problem, variant and answer.
-- Source: `answer_dist` of edx-analytics-pipeline: the `submission` of the server's problem_check, or
-- its `answers` where an old event has none.
-- Needs: problem_check
-- Indexes: module_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | module_id | VARCHAR | usage key of the problem | none |
-- | part_id | VARCHAR | id of the part (the input) | none |
-- | variant | VARCHAR | the variant that the learner saw, or empty | none |
-- | answer | VARCHAR | the answer as the event has it; JSON where several can be chosen | free text |
-- | question | VARCHAR | the question's text, if an event tells it | none |
-- | response_type | VARCHAR | `multiplechoiceresponse`, `numericalresponse`, ... | none |
-- | correct | BOOLEAN | whether it was right the last time it was graded; null if no event tells | none |
-- | first_answers | BIGINT | learners whose first answer it was | none |
-- | last_answers | BIGINT | learners whose last answer it is | none |
-- | answers | BIGINT | how often it was given | none |
WITH checks AS (
    SELECT *, coalesce(nullif(submission, '{}'), answers) AS parts
    FROM problem_check
    WHERE user_id IS NOT NULL AND module_id IS NOT NULL AND json_type(parts) = 'OBJECT'
),
pointed AS (
    SELECT
        *,
        unnest(json_keys(parts)) AS part_id,
        '/' || replace(replace(part_id, '~', '~0'), '/', '~1') AS pointer
    FROM checks
),
given AS (
    SELECT
        time,
        event_id,
        user_id,
        module_id,
        part_id,
        submission -> pointer AS told,
        coalesce(told ->> '$.variant', '') AS variant,
        coalesce(told ->> '$.answer', answers ->> pointer) AS answer,
        nullif(told ->> '$.question', '') AS question,
        nullif(told ->> '$.response_type', '') AS response_type,
        try_cast(told ->> '$.correct' AS BOOLEAN) AS correct
    FROM pointed
),
placed AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY user_id, module_id, part_id ORDER BY time, event_id) AS place,
        row_number() OVER (
            PARTITION BY user_id, module_id, part_id ORDER BY time DESC, event_id DESC
        ) AS place_from_last
    FROM given
    WHERE answer IS NOT NULL
)
SELECT
    module_id,
    part_id,
    variant,
    answer,
    arg_max(question, (time, event_id)) AS question,
    arg_max(response_type, (time, event_id)) AS response_type,
    arg_max(correct, (time, event_id)) AS correct,
    count(*) FILTER (place = 1) AS first_answers,
    count(*) FILTER (place_from_last = 1) AS last_answers,
    count(*) AS answers
FROM placed
GROUP BY module_id, part_id, variant, answer
