-- Each learner's grade in each problem that they have seen.
--
-- Grain: one row for each learner and problem with a state in `courseware_studentmodule`.
-- Source: `problem_grades` of edx2bigquery and simeon. Where the table has a learner's problem twice,
-- the row that changed last is taken.
-- Needs: courseware_studentmodule
-- Indexes: user_id; module_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | module_id | VARCHAR | usage key of the problem | none |
-- | grade | DOUBLE | points earned, not weighted; null if nothing was graded | sensitive |
-- | max_grade | DOUBLE | points possible, not weighted | none |
-- | attempted | BOOLEAN | something was graded | none |
-- | perfect | BOOLEAN | all points were earned; null if nothing was graded or no points are possible | sensitive |
-- | attempts | BIGINT | submissions, as the state tells; 0 if it tells none | none |
-- | created | TIMESTAMP | when the learner first saw the problem (UTC), which is not when it was answered | none |
-- | modified | TIMESTAMP | the state's last change (UTC) | none |
SELECT
    student_id AS user_id,
    module_id,
    grade,
    max_grade,
    grade IS NOT NULL AS attempted,
    CASE WHEN max_grade > 0 THEN grade >= max_grade END AS perfect,
    coalesce(try_cast(state ->> '$.attempts' AS BIGINT), 0) AS attempts,
    created,
    modified
FROM courseware_studentmodule
WHERE module_type = 'problem' AND student_id IS NOT NULL AND module_id IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY student_id, module_id ORDER BY modified DESC NULLS LAST, id DESC NULLS LAST
) = 1
