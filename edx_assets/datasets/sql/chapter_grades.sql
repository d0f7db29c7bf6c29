-- Each learner's points in each chapter, beside those of the others.
--
-- Grain: one row for each learner and chapter in which they have seen a problem.
-- Source: `chapter_grades` of edx2bigquery and simeon: sums over the problems that the learner has
-- seen, in which all problems weigh the same, whether they count for the course's grade or not.
-- Needs: problem_grades, course_axis
-- Indexes: user_id; chapter_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | chapter_id | VARCHAR | usage key of the chapter | none |
-- | chapter_name | VARCHAR | its display name | none |
-- | problems_seen | BIGINT | problems of the chapter that the learner has seen | none |
-- | problems_attempted | BIGINT | of those, something was graded | none |
-- | grade | DOUBLE | points earned, not weighted; 0 if nothing was graded | sensitive |
-- | max_grade | DOUBLE | points possible in the problems seen, not weighted | none |
-- | chapter_median_grade | DOUBLE | median of `grade` over the chapter's learners | none |
-- | chapter_max_grade | DOUBLE | the largest `max_grade` of a learner | none |
-- | first_due | TIMESTAMP | when the first of the chapter's problems is due (UTC) | none |
-- | last_due | TIMESTAMP | when the last of them is due (UTC) | none |
WITH problems AS (
    SELECT module_id, chapter_id, due FROM course_axis WHERE category = 'problem'
),
dates AS (
    SELECT chapter_id, min(due) AS first_due, max(due) AS last_due
    FROM problems
    GROUP BY chapter_id
),
sums AS (
    SELECT
        user_id,
        chapter_id,
        count(*) AS problems_seen,
        count(*) FILTER (attempted) AS problems_attempted,
        round(coalesce(sum(grade), 0), 6) AS grade,
        round(coalesce(sum(max_grade), 0), 6) AS max_grade
    FROM problem_grades JOIN problems USING (module_id)
    WHERE chapter_id IS NOT NULL
    GROUP BY user_id, chapter_id
)
SELECT
    user_id,
    chapter_id,
    chapter.name AS chapter_name,
    problems_seen,
    problems_attempted,
    grade,
    max_grade,
    round(median(grade) OVER (PARTITION BY chapter_id), 6) AS chapter_median_grade,
    max(max_grade) OVER (PARTITION BY chapter_id) AS chapter_max_grade,
    first_due,
    last_due
FROM sums
JOIN dates USING (chapter_id)
LEFT JOIN course_axis AS chapter ON chapter.module_id = sums.chapter_id
