-- The parts of the problems that learners have answered, and how much each counts for the grade.
--
-- Grain: one row for each part (the input) of a problem that was graded for some learner.
-- Source: `course_item` of edx2bigquery and simeon, for all problems: one that does not count has no
-- assignment and no weight. The parts of a problem share its weight equally: see `problem_weights`.
-- Needs: person_item, problem_weights, course_axis
-- Indexes: module_id; item_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | module_id | VARCHAR | usage key of the problem | none |
-- | item_number | BIGINT | the part's place in the problem, from 1 | none |
-- | item_id | VARCHAR | id of the part | none |
-- | nitems | BIGINT | parts of the problem | none |
-- | problem_index | BIGINT | the problem's place in the course; null if it is no longer in it | none |
-- | problem_name | VARCHAR | its display name | none |
-- | response_type | VARCHAR | `multiplechoiceresponse`, ...; `mixed` where the problem has several | none |
-- | chapter_id | VARCHAR | usage key of its chapter | none |
-- | sequential_id | VARCHAR | usage key of its sequential | none |
-- | vertical_id | VARCHAR | usage key of its vertical | none |
-- | start | TIMESTAMP | when it is released (UTC) | none |
-- | due | TIMESTAMP | when it is due (UTC) | none |
-- | is_split | BOOLEAN | whether it is in a split test (an A/B test) | none |
-- | format | VARCHAR | its assignment's type (`Homework`, ...); null if it does not count | none |
-- | assignment_id | VARCHAR | its assignment, such as `HW_4` | none |
-- | problem_weight | DOUBLE | the problem's part of the course's grade, 0 to 1 | none |
-- | item_weight | DOUBLE | the part's part of it | none |
-- | learners | BIGINT | learners for whom it was graded | none |
WITH items AS (
    SELECT
        module_id,
        item_id,
        count(*) AS learners,
        try_cast(regexp_extract(item_id, '_(\d+)_(\d+)$', 1) AS BIGINT) AS response_number,
        try_cast(regexp_extract(item_id, '_(\d+)_(\d+)$', 2) AS BIGINT) AS input_number
    FROM person_item
    GROUP BY module_id, item_id
)
SELECT
    module_id,
    row_number() OVER (
        PARTITION BY module_id ORDER BY response_number, input_number, item_id
    ) AS item_number,
    item_id,
    count(*) OVER (PARTITION BY module_id) AS nitems,
    axis.index AS problem_index,
    axis.name AS problem_name,
    axis.response_type,
    axis.chapter_id,
    axis.sequential_id,
    axis.vertical_id,
    axis.start,
    axis.due,
    axis.is_split,
    counted.format,
    counted.assignment_id,
    counted.weight AS problem_weight,
    counted.weight / count(*) OVER (PARTITION BY module_id) AS item_weight,
    items.learners
FROM items
LEFT JOIN course_axis AS axis USING (module_id)
LEFT JOIN problem_weights AS counted USING (module_id)
