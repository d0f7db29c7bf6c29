-- What counts for the grade: the assignment types, their weights, and the grade to pass.
--
-- Grain: one row for each assignment type of the course's grading policy.
-- Source: `grading_policy` of edx2bigquery and simeon, from the policy in the course export; simeon's
-- `overall_lower_cutoff` is `overall_cutoff` here. As in edX's LMS, who reaches the lowest cutoff
-- above 0 passes. There are no rows without an export.
-- Needs: course_export
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | number | BIGINT | the place in the policy, from 1 | none |
-- | assignment_type | VARCHAR | the assignment type, as in `course_axis.format` | none |
-- | short_label | VARCHAR | its abbreviation, if there is one | none |
-- | fraction_of_overall_grade | DOUBLE | its weight: 0.4 is 40% of the grade | none |
-- | min_count | BIGINT | how many assignments of the type there have to be | none |
-- | drop_count | BIGINT | how many of the lowest scores are dropped | none |
-- | overall_cutoff | DOUBLE | the grade to pass the course, from 0 to 1; the same in each row | none |
-- | cutoffs | JSON | the lowest grade for each letter (or `Pass`), from 0 to 1; the same in each row | none |
WITH policies AS (
    SELECT
        document -> '$.grading_policy' AS policy,
        from_json(
            policy -> '$.GRADER',
            '[{
                "type": "VARCHAR", "short_label": "VARCHAR", "weight": "DOUBLE",
                "min_count": "BIGINT", "drop_count": "BIGINT"
            }]'
        ) AS graders,
        from_json(policy -> '$.GRADE_CUTOFFS', '"MAP(VARCHAR, DOUBLE)"') AS grades
    FROM course_export
),
numbered AS (
    SELECT
        policy,
        grades,
        unnest(graders) AS grader,
        generate_subscripts(graders, 1) AS number
    FROM policies
)
SELECT
    number,
    grader.type AS assignment_type,
    nullif(grader.short_label, '') AS short_label,
    grader.weight AS fraction_of_overall_grade,
    grader.min_count,
    grader.drop_count,
    list_min(list_filter(map_values(grades), lambda grade: grade > 0)) AS overall_cutoff,
    policy -> '$.GRADE_CUTOFFS' AS cutoffs
FROM numbered
WHERE grader.type IS NOT NULL
