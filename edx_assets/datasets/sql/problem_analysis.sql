-- What each learner last answered to each part of each problem, and how it was graded.
--
-- Grain: one row for each learner, problem and part (the input) that was graded: an item. States of
-- other blocks, and those that nothing was graded in or that cannot be read, have none.
-- Source: `problem_analysis` of edx2bigquery and simeon, a row for each of their `item`s: the
-- `correct_map` of a problem's state, with its `student_answers`. Where the table has a learner's
-- problem twice, the row that changed last is taken.
-- Needs: courseware_studentmodule
-- Indexes: user_id; module_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | module_id | VARCHAR | usage key of the problem | none |
-- | item_id | VARCHAR | id of the part | none |
-- | response | VARCHAR | the answer; JSON where several can be chosen | free text |
-- | correctness | VARCHAR | `correct`, `partially-correct`, `incorrect`, ... | sensitive |
-- | correct | BOOLEAN | it is `correct` | sensitive |
-- | npoints | DOUBLE | points of the part, where its grader tells them | sensitive |
-- | message | VARCHAR | what the grader told the learner (HTML) | free text |
-- | hint | VARCHAR | the hint that was shown (HTML) | free text |
-- | attempts | BIGINT | submissions to the problem; 0 if the state tells none | none |
-- | done | BOOLEAN | whether the problem was submitted, and not reset since | none |
-- | grade | DOUBLE | points earned in the problem, not weighted | sensitive |
-- | max_grade | DOUBLE | points possible in the problem, not weighted | none |
-- | created | TIMESTAMP | when the learner first saw the problem (UTC), which is not when it was answered | none |
-- | modified | TIMESTAMP | the state's last change (UTC) | none |
WITH states AS (
    SELECT
        *,
        json_transform(state -> '$.correct_map', '"MAP(VARCHAR, JSON)"') AS verdicts,
        json_transform(state -> '$.student_answers', '"MAP(VARCHAR, JSON)"') AS answers,
        coalesce(try_cast(state ->> '$.attempts' AS BIGINT), 0) AS attempts,
        coalesce(try_cast(state ->> '$.done' AS BOOLEAN), FALSE) AS is_done
    FROM courseware_studentmodule
    WHERE module_type = 'problem' AND student_id IS NOT NULL AND module_id IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY student_id, module_id ORDER BY modified DESC NULLS LAST, id DESC NULLS LAST
    ) = 1
),
items AS (
    SELECT * EXCLUDE (state, verdicts), unnest(map_entries(verdicts)) AS item FROM states
)
SELECT
    student_id AS user_id,
    module_id,
    item.key AS item_id,
    answers[item.key] ->> '$' AS response,
    item.value ->> '$.correctness' AS correctness,
    correctness = 'correct' AS correct,
    CASE
        WHEN isfinite(try_cast(item.value ->> '$.npoints' AS DOUBLE))
            THEN try_cast(item.value ->> '$.npoints' AS DOUBLE)
    END AS npoints,
    nullif(item.value ->> '$.msg', '') AS message,
    nullif(item.value ->> '$.hint', '') AS hint,
    attempts,
    is_done AS done,
    grade,
    max_grade,
    created,
    modified
FROM items
