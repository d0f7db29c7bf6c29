-- How much each problem counts for the course's grade.
--
-- Grain: one row for each block that is graded: a problem, an open response assessment, or another
-- block in which a learner has a grade. One that only staff can see is left out, unless learners have
-- a grade in it: exams are often hidden after the course.
-- Source: the weights of `course_item` of edx2bigquery and simeon, with edX's rules: an assignment is
-- a graded sequential with points; its problems share its part of the grade by their points; a type
-- has at least the policy's number of assignments. As with them, no assignment is dropped, and all
-- branches of a split test and all problems of a bank count, of which a learner sees some.
-- Needs: course_axis, grading_policy, courseware_studentmodule, problem_check, ora_responses
-- Indexes: module_id; sequential_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | index | BIGINT | the block's place in the course | none |
-- | module_id | VARCHAR | usage key of the block | none |
-- | category | VARCHAR | `problem`, `openassessment`, ... | none |
-- | name | VARCHAR | its display name | none |
-- | sequential_id | VARCHAR | usage key of its assignment | none |
-- | format | VARCHAR | the assignment's type (`Homework`, ...) | none |
-- | assignment_number | BIGINT | the assignment's place among those of its type, from 1 | none |
-- | assignment_id | VARCHAR | the type's short label, or else its name, and that number: `HW_4` | none |
-- | points | DOUBLE | points possible: its weight, or else the most that a learner could get, its inputs, or 1 | none |
-- | assignment_points | DOUBLE | points possible in the assignment | none |
-- | assignment_weight | DOUBLE | the assignment's part of the course's grade, 0 to 1; null without a policy | none |
-- | weight | DOUBLE | the block's part of the course's grade, 0 to 1; null without a policy | none |
WITH possible AS (
    SELECT module_id, max(max_grade) AS most
    FROM (
        SELECT module_id, max_grade FROM courseware_studentmodule WHERE max_grade > 0
        UNION ALL
        SELECT module_id, max_grade FROM problem_check WHERE max_grade > 0
        UNION ALL
        SELECT module_id, max_points FROM ora_responses WHERE max_points > 0
    )
    GROUP BY module_id
),
blocks AS (
    SELECT axis.*, coalesce(axis.weight, possible.most, axis.nitems, 1) AS points
    FROM course_axis AS axis
    LEFT JOIN possible USING (module_id)
    WHERE axis.graded
        AND (axis.category IN ('problem', 'openassessment') OR possible.most IS NOT NULL)
        AND (NOT axis.visible_to_staff_only OR possible.most IS NOT NULL)
),
assignments AS (
    SELECT
        sequential.module_id AS sequential_id,
        sequential.format,
        round(sum(blocks.points), 6) AS assignment_points,
        row_number() OVER (PARTITION BY sequential.format ORDER BY sequential.index)
            AS assignment_number,
        count(*) OVER (PARTITION BY sequential.format) AS assignments
    FROM course_axis AS sequential
    JOIN blocks ON blocks.sequential_id = sequential.module_id
    WHERE sequential.graded AND sequential.format IS NOT NULL
    GROUP BY sequential.module_id, sequential.format, sequential.index
    HAVING sum(blocks.points) > 0
),
types AS (
    SELECT
        assignment_type AS format,
        min_by(short_label, number) AS short_label,
        sum(fraction_of_overall_grade) AS fraction,
        max(min_count) AS min_count
    FROM grading_policy
    GROUP BY assignment_type
),
weighted AS (
    SELECT
        assignments.*,
        coalesce(types.short_label, format) || '_' || assignment_number AS assignment_id,
        types.fraction / greatest(assignments, coalesce(types.min_count, 1)) AS assignment_weight
    FROM assignments LEFT JOIN types USING (format)
)
SELECT
    blocks.index,
    blocks.module_id,
    blocks.category,
    blocks.name,
    sequential_id,
    weighted.format,
    weighted.assignment_number,
    weighted.assignment_id,
    blocks.points,
    weighted.assignment_points,
    weighted.assignment_weight,
    weighted.assignment_weight * blocks.points / weighted.assignment_points AS weight
FROM blocks JOIN weighted USING (sequential_id)
