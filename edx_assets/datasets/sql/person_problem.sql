-- How each learner did in each problem that they submitted.
--
-- Grain: one row for each learner and problem with a graded part or a server's problem_check.
-- Source: `person_problem` of edx2bigquery and simeon, for all problems and not the graded ones alone.
-- Times are those of problem_check, not of the learner's state.
-- Needs: person_item, problem_grades, problem_check
-- Indexes: user_id; module_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | module_id | VARCHAR | usage key of the problem | none |
-- | nitems | BIGINT | parts that were graded; 0 if nothing tells them apart | none |
-- | raw_score | BIGINT | parts that are right in the end | sensitive |
-- | pct_score | DOUBLE | the same in percent of the parts | sensitive |
-- | grade | DOUBLE | points earned, not weighted: by the state, or else the last problem_check that tells it | sensitive |
-- | max_grade | DOUBLE | points possible, not weighted | none |
-- | attempts | BIGINT | submissions, as the state tells, or else the last problem_check | none |
-- | nchecks | BIGINT | server's problem_check events; staff can set attempts back, and not these | none |
-- | first_correct | BOOLEAN | whether the first submission was right in all parts; null if no event tells | sensitive |
-- | first_time | TIMESTAMP | when the learner first submitted it (UTC); null if no event tells | none |
-- | last_time | TIMESTAMP | when the learner last submitted it (UTC) | none |
WITH items AS (
    SELECT
        user_id,
        module_id,
        count(*) AS nitems,
        sum(item_grade)::BIGINT AS raw_score
    FROM person_item
    GROUP BY user_id, module_id
),
checks AS (
    SELECT
        user_id,
        module_id,
        count(*) AS nchecks,
        min(time) AS first_time,
        max(time) AS last_time,
        arg_min(success = 'correct', (time, event_id)) AS first_correct,
        arg_max(attempts, (time, event_id)) AS attempts,
        arg_max({'earned': grade, 'possible': max_grade}, (time, event_id))
            FILTER (grade IS NOT NULL) AS last_grade
    FROM problem_check
    WHERE user_id IS NOT NULL AND module_id IS NOT NULL
    GROUP BY user_id, module_id
)
SELECT
    user_id,
    module_id,
    coalesce(items.nitems, 0) AS nitems,
    items.raw_score,
    round(100 * items.raw_score / items.nitems, 6) AS pct_score,
    CASE WHEN state.attempted THEN state.grade ELSE checks.last_grade.earned END AS grade,
    CASE WHEN state.attempted THEN state.max_grade ELSE checks.last_grade.possible END AS max_grade,
    coalesce(nullif(state.attempts, 0), checks.attempts) AS attempts,
    coalesce(checks.nchecks, 0) AS nchecks,
    checks.first_correct,
    checks.first_time,
    checks.last_time
FROM items
FULL JOIN checks USING (user_id, module_id)
LEFT JOIN problem_grades AS state USING (user_id, module_id)
