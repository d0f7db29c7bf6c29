-- How hard each problem was: its learners, their scores and submissions.
--
-- Grain: one row for each problem of the course, and each that is no longer in it but was submitted.
-- Source: `course_problem` of edx2bigquery and simeon: means and sample standard deviations over the
-- learners who submitted the problem. `first_correct` is over all learners, not the certified ones.
-- Needs: person_problem, problem_grades, course_axis, problem_weights
-- Indexes: module_id; problem_index
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | module_id | VARCHAR | usage key of the problem | none |
-- | problem_index | BIGINT | the problem's place in the course; null if it is no longer in it | none |
-- | problem_name | VARCHAR | its display name | none |
-- | response_type | VARCHAR | `multiplechoiceresponse`, ...; `mixed` where the problem has several | none |
-- | chapter_id | VARCHAR | usage key of its chapter | none |
-- | sequential_id | VARCHAR | usage key of its sequential | none |
-- | assignment_id | VARCHAR | its assignment, such as `HW_4`; null if it does not count | none |
-- | problem_weight | DOUBLE | its part of the course's grade, 0 to 1 | none |
-- | learners_seen | BIGINT | learners who have seen it; null without `courseware_studentmodule` | none |
-- | learners | BIGINT | learners who submitted it | none |
-- | nitems | BIGINT | the most parts that were graded for a learner | none |
-- | max_grade | DOUBLE | the most points that a learner could get, not weighted | none |
-- | avg_grade | DOUBLE | mean of the points earned | none |
-- | sdv_grade | DOUBLE | their standard deviation | none |
-- | avg_raw_score | DOUBLE | mean of the parts that are right in the end | none |
-- | sdv_raw_score | DOUBLE | their standard deviation | none |
-- | avg_pct_score | DOUBLE | mean of the parts that are right in the end, in percent | none |
-- | sdv_pct_score | DOUBLE | their standard deviation | none |
-- | avg_attempts | DOUBLE | mean of the submissions | none |
-- | sdv_attempts | DOUBLE | their standard deviation | none |
-- | nperfect | BIGINT | learners with all points | none |
-- | nfirst | BIGINT | learners whose first submission an event tells | none |
-- | nfirst_correct | BIGINT | of those, it was right in all parts | none |
-- | pct_first_correct | DOUBLE | the same in percent | none |
WITH seen AS (
    SELECT module_id, count(*) AS learners_seen FROM problem_grades GROUP BY module_id
),
done AS (
    SELECT
        module_id,
        count(*) AS learners,
        max(nitems) AS nitems,
        max(max_grade) AS max_grade,
        round(avg(grade), 6) AS avg_grade,
        round(stddev_samp(grade), 6) AS sdv_grade,
        round(avg(raw_score), 6) AS avg_raw_score,
        round(stddev_samp(raw_score), 6) AS sdv_raw_score,
        round(avg(pct_score), 6) AS avg_pct_score,
        round(stddev_samp(pct_score), 6) AS sdv_pct_score,
        round(avg(attempts), 6) AS avg_attempts,
        round(stddev_samp(attempts), 6) AS sdv_attempts,
        count(*) FILTER (max_grade > 0 AND grade >= max_grade) AS nperfect,
        count(first_correct) AS nfirst,
        count(*) FILTER (first_correct) AS nfirst_correct
    FROM person_problem
    GROUP BY module_id
),
problems AS (
    SELECT module_id FROM course_axis WHERE category = 'problem'
    UNION
    SELECT module_id FROM done
)
SELECT
    module_id,
    axis.index AS problem_index,
    axis.name AS problem_name,
    axis.response_type,
    axis.chapter_id,
    axis.sequential_id,
    counted.assignment_id,
    counted.weight AS problem_weight,
    CASE WHEN there('courseware_studentmodule') THEN coalesce(learners_seen, 0) END
        AS learners_seen,
    coalesce(learners, 0) AS learners,
    done.nitems,
    max_grade,
    avg_grade,
    sdv_grade,
    avg_raw_score,
    sdv_raw_score,
    avg_pct_score,
    sdv_pct_score,
    avg_attempts,
    sdv_attempts,
    coalesce(nperfect, 0) AS nperfect,
    coalesce(nfirst, 0) AS nfirst,
    coalesce(nfirst_correct, 0) AS nfirst_correct,
    round(100 * nfirst_correct / nullif(nfirst, 0), 6) AS pct_first_correct
FROM problems
LEFT JOIN course_axis AS axis USING (module_id)
LEFT JOIN problem_weights AS counted USING (module_id)
LEFT JOIN seen USING (module_id)
LEFT JOIN done USING (module_id)
