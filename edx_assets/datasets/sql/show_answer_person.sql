-- How many answers each learner asked to see, of the problems that they solved, tried, or only saw.
--
-- Grain: one row for each learner who has seen a problem, or asked for an answer.
-- Source: `show_answer_stats_by_user` of edx2bigquery and simeon. Each problem counts once, however
-- often its answer was asked for. Here, a perfect problem is not a partial one as well.
-- Needs: problem_grades, show_answer
-- Indexes: user_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | n_show_answer | BIGINT | problems whose answer the learner asked for | none |
-- | n_seen | BIGINT | problems that the learner has seen | none |
-- | n_show_answer_seen | BIGINT | of those, the answer was asked for | none |
-- | percent_show_answer_seen | DOUBLE | the same in percent; null if there are none | none |
-- | n_not_attempted | BIGINT | problems seen in which nothing was graded | none |
-- | n_show_answer_not_attempted | BIGINT | of those, the answer was asked for | none |
-- | percent_show_answer_not_attempted | DOUBLE | the same in percent | none |
-- | n_attempted | BIGINT | problems in which something was graded | none |
-- | n_show_answer_attempted | BIGINT | of those, the answer was asked for | none |
-- | percent_show_answer_attempted | DOUBLE | the same in percent | none |
-- | n_perfect | BIGINT | problems with all points | none |
-- | n_show_answer_perfect | BIGINT | of those, the answer was asked for | none |
-- | percent_show_answer_perfect | DOUBLE | the same in percent | none |
-- | n_partial | BIGINT | problems with some of the points, and not all | none |
-- | n_show_answer_partial | BIGINT | of those, the answer was asked for | none |
-- | percent_show_answer_partial | DOUBLE | the same in percent | none |
WITH asked AS (
    SELECT DISTINCT user_id, module_id
    FROM show_answer
    WHERE user_id IS NOT NULL AND module_id IS NOT NULL
),
problems AS (
    SELECT
        user_id,
        asked.module_id IS NOT NULL AS is_asked,
        seen.module_id IS NOT NULL AS is_seen,
        coalesce(seen.attempted, FALSE) AS is_attempted,
        coalesce(seen.perfect, FALSE) AS is_perfect,
        coalesce(seen.grade > 0 AND NOT seen.perfect, FALSE) AS is_partial
    FROM problem_grades AS seen
    FULL JOIN asked USING (user_id, module_id)
),
counts AS (
    SELECT
        user_id,
        count(*) FILTER (is_asked) AS n_show_answer,
        count(*) FILTER (is_seen) AS n_seen,
        count(*) FILTER (is_seen AND is_asked) AS n_show_answer_seen,
        count(*) FILTER (is_seen AND NOT is_attempted) AS n_not_attempted,
        count(*) FILTER (is_seen AND NOT is_attempted AND is_asked) AS n_show_answer_not_attempted,
        count(*) FILTER (is_attempted) AS n_attempted,
        count(*) FILTER (is_attempted AND is_asked) AS n_show_answer_attempted,
        count(*) FILTER (is_perfect) AS n_perfect,
        count(*) FILTER (is_perfect AND is_asked) AS n_show_answer_perfect,
        count(*) FILTER (is_partial) AS n_partial,
        count(*) FILTER (is_partial AND is_asked) AS n_show_answer_partial
    FROM problems
    GROUP BY user_id
)
SELECT
    user_id,
    n_show_answer,
    CASE WHEN known THEN n_seen END AS n_seen,
    CASE WHEN known THEN n_show_answer_seen END AS n_show_answer_seen,
    round(100 * n_show_answer_seen / nullif(n_seen, 0), 6) AS percent_show_answer_seen,
    CASE WHEN known THEN n_not_attempted END AS n_not_attempted,
    CASE WHEN known THEN n_show_answer_not_attempted END AS n_show_answer_not_attempted,
    round(100 * n_show_answer_not_attempted / nullif(n_not_attempted, 0), 6)
        AS percent_show_answer_not_attempted,
    CASE WHEN known THEN n_attempted END AS n_attempted,
    CASE WHEN known THEN n_show_answer_attempted END AS n_show_answer_attempted,
    round(100 * n_show_answer_attempted / nullif(n_attempted, 0), 6)
        AS percent_show_answer_attempted,
    CASE WHEN known THEN n_perfect END AS n_perfect,
    CASE WHEN known THEN n_show_answer_perfect END AS n_show_answer_perfect,
    round(100 * n_show_answer_perfect / nullif(n_perfect, 0), 6) AS percent_show_answer_perfect,
    CASE WHEN known THEN n_partial END AS n_partial,
    CASE WHEN known THEN n_show_answer_partial END AS n_show_answer_partial,
    round(100 * n_show_answer_partial / nullif(n_partial, 0), 6) AS percent_show_answer_partial
FROM counts, (SELECT there('courseware_studentmodule') AS known)
