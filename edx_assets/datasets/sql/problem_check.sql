-- Every submission to a problem that the server graded, with its answers.
--
-- Grain: one row for each `problem_check` (or, in old courses, `save_problem_check`) of the server.
-- Source: `problem_check` of edx2bigquery and simeon. The browser's events of the same name are left
-- out: they are sent before the grading, and twice the number.
-- Needs: events
-- Indexes: user_id; module_id; time
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | time | TIMESTAMP | when it was graded (UTC) | none |
-- | user_id | BIGINT | the learner | identifier: user id |
-- | module_id | VARCHAR | usage key of the problem | none |
-- | attempts | BIGINT | how many submissions the learner had made to the problem, this one included | none |
-- | success | VARCHAR | `correct` or `incorrect`, of the problem as a whole | sensitive |
-- | grade | DOUBLE | points | sensitive |
-- | max_grade | DOUBLE | points of a perfect answer | none |
-- | answers | JSON | the answer to each part, by the part's id | free text |
-- | submission | JSON | the same with question, response type and correctness, since 2014 | free text |
-- | seed | BIGINT | the variant of a problem with random values | none |
-- | event_id | VARCHAR | `_id` of the event in `tracking` | none |
SELECT
    time,
    user_id,
    module_id,
    try_cast(event ->> '$.attempts' AS BIGINT) AS attempts,
    event ->> '$.success' AS success,
    try_cast(event ->> '$.grade' AS DOUBLE) AS grade,
    try_cast(event ->> '$.max_grade' AS DOUBLE) AS max_grade,
    event -> '$.answers' AS answers,
    event -> '$.submission' AS submission,
    try_cast(event ->> '$.state.seed' AS BIGINT) AS seed,
    event_id
FROM events
WHERE event_source = 'server' AND event_type IN ('problem_check', 'save_problem_check')
