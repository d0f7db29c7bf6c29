-- Each learner's grades through the course: in each problem, each assignment, and the course.
--
-- Grain: one row for each learner, problem, sequential or course, and day (UTC) on which it was graded
-- anew, with the grade at the day's end. It holds until the next row.
-- Source: the grade events of edX's LMS (`edx.grades....`, since 2017); the learner is the one who is
-- graded, not who caused it. A problem has its server's problem_check as well, and the older
-- problem_rescore, which names the learner by username. For the time before the first grade event of
-- a sequential or of the course, its grade is computed from those of its problems with
-- `problem_weights`: what is not yet answered counts 0, and no assignment is dropped.
-- Needs: events, auth_user, problem_check, problem_weights
-- Indexes: user_id, day; level, module_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | level | VARCHAR | `problem`, `sequential` or `course` | none |
-- | module_id | VARCHAR | usage key of the block; null for the course | none |
-- | day | DATE | the day (UTC) | none |
-- | time | TIMESTAMP | when it was last graded that day (UTC) | none |
-- | grade | DOUBLE | the grade, 0 to 1; null if no points are possible, or they were deleted | sensitive |
-- | earned | DOUBLE | points earned; weighted, if an event or `problem_weights` tells the weight | sensitive |
-- | possible | DOUBLE | points possible | none |
-- | letter_grade | VARCHAR | the course's letter grade, if the learner has one | sensitive |
-- | told_by | VARCHAR | the event that tells it, or `computed` | none |
WITH grade_events AS (
    SELECT
        coalesce(try_cast(event ->> '$.user_id' AS BIGINT), user_id) AS user_id,
        module_id,
        time,
        event_id,
        event_type AS told_by,
        event
    FROM events
    WHERE event_source = 'server' AND starts_with(event_type, 'edx.grades.')
),
verdicts AS (
    SELECT user_id, module_id, time, event_id, 'problem_check' AS told_by, grade, max_grade
    FROM problem_check
    UNION ALL
    SELECT
        users.id,
        module_id,
        time,
        event_id,
        event_type,
        try_cast(event ->> '$.new_score' AS DOUBLE),
        try_cast(event ->> '$.new_total' AS DOUBLE)
    FROM events
    JOIN (SELECT username, min(id) AS id FROM auth_user GROUP BY username) AS users
        ON users.username = (event ->> '$.student')
    WHERE event_type = 'problem_rescore'
),
problem_events AS (
    SELECT
        user_id,
        module_id,
        time,
        event_id,
        told_by,
        try_cast(
            coalesce(event ->> '$.weighted_earned', event ->> '$.new_weighted_earned') AS DOUBLE
        ) AS earned,
        try_cast(
            coalesce(event ->> '$.weighted_possible', event ->> '$.new_weighted_possible') AS DOUBLE
        ) AS possible
    FROM grade_events
    WHERE told_by IN (
        'edx.grades.problem.submitted',
        'edx.grades.problem.rescored',
        'edx.grades.problem.score_overridden',
        'edx.grades.problem.state_deleted'
    )
    UNION ALL
    SELECT
        user_id,
        module_id,
        time,
        event_id,
        told_by,
        verdicts.grade * coalesce(weights.points / nullif(verdicts.max_grade, 0), 1),
        CASE
            WHEN verdicts.max_grade > 0 THEN coalesce(weights.points, verdicts.max_grade)
            ELSE 0
        END
    FROM verdicts
    LEFT JOIN problem_weights AS weights USING (module_id)
    WHERE verdicts.grade IS NOT NULL
),
problems AS (
    SELECT
        *,
        time::DATE AS day,
        CASE WHEN possible > 0 THEN earned / possible END AS grade
    FROM problem_events
    WHERE user_id IS NOT NULL AND module_id IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY user_id, module_id, time::DATE
        ORDER BY time DESC, told_by, event_id DESC
    ) = 1
),
changes AS (
    SELECT
        user_id,
        sequential_id,
        day,
        time,
        assignment_points,
        points * change AS points_change,
        weight * change AS weight_change
    FROM (
        SELECT
            *,
            coalesce(grade, 0)
                - coalesce(lag(grade) OVER (PARTITION BY user_id, module_id ORDER BY day), 0)
                AS change
        FROM problems
    )
    JOIN problem_weights USING (module_id)
),
sequentials AS (
    SELECT
        user_id,
        'sequential' AS level,
        sequential_id AS module_id,
        day,
        max(time) AS time,
        round(
            sum(sum(points_change)) OVER (PARTITION BY user_id, sequential_id ORDER BY day), 6
        ) AS earned,
        any_value(assignment_points) AS possible,
        earned / possible AS grade
    FROM changes
    GROUP BY user_id, sequential_id, day
),
courses AS (
    SELECT
        user_id,
        'course' AS level,
        day,
        max(time) AS time,
        round(sum(sum(weight_change)) OVER (PARTITION BY user_id ORDER BY day), 6) AS grade
    FROM changes
    GROUP BY user_id, day
),
told AS (
    SELECT
        user_id,
        CASE told_by WHEN 'edx.grades.course.grade_calculated' THEN 'course' ELSE 'sequential' END
            AS level,
        CASE WHEN level = 'sequential' THEN module_id END AS module_id,
        time::DATE AS day,
        time,
        told_by,
        try_cast(event ->> '$.weighted_graded_possible' AS DOUBLE) > 0 AS is_graded,
        CASE
            WHEN is_graded THEN try_cast(event ->> '$.weighted_graded_earned' AS DOUBLE)
            ELSE try_cast(event ->> '$.weighted_total_earned' AS DOUBLE)
        END AS earned,
        CASE
            WHEN is_graded THEN try_cast(event ->> '$.weighted_graded_possible' AS DOUBLE)
            ELSE try_cast(event ->> '$.weighted_total_possible' AS DOUBLE)
        END AS possible,
        CASE
            WHEN level = 'course' THEN
                try_cast(
                    coalesce(event ->> '$.percent_grade', event ->> '$.percent') AS DOUBLE
                )
            WHEN possible > 0 THEN earned / possible
        END AS grade,
        nullif(event ->> '$.letter_grade', '') AS letter_grade
    FROM grade_events
    WHERE user_id IS NOT NULL AND told_by IN (
        'edx.grades.course.grade_calculated', 'edx.grades.subsection.grade_calculated'
    ) AND (level = 'course' OR module_id IS NOT NULL)
    QUALIFY row_number() OVER (
        PARTITION BY user_id, level, CASE WHEN level = 'sequential' THEN module_id END, time::DATE
        ORDER BY time DESC, event_id DESC
    ) = 1
),
rows AS (
    SELECT
        user_id,
        'problem' AS level,
        module_id,
        day,
        time,
        grade,
        earned,
        possible,
        told_by
    FROM problems
    UNION ALL BY NAME
    SELECT * EXCLUDE (is_graded) FROM told
    UNION ALL BY NAME
    SELECT *, 'computed' AS told_by
    FROM (
        SELECT * FROM sequentials
        UNION ALL BY NAME
        SELECT * FROM courses WHERE grade IS NOT NULL
    ) AS computed
    WHERE NOT EXISTS (
        SELECT 1
        FROM told
        WHERE told.user_id = computed.user_id
            AND told.level = computed.level
            AND told.module_id IS NOT DISTINCT FROM computed.module_id
            AND told.day <= computed.day
    )
)
SELECT
    user_id,
    level,
    module_id,
    day,
    time,
    grade,
    earned,
    possible,
    letter_grade,
    told_by
FROM rows
