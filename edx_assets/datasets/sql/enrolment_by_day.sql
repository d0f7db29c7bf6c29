-- How many learners were enrolled at the end of each day, in each mode.
--
-- Grain: one row for each day (UTC) and mode, from the first enrolment event's day to the last one's.
-- Source: edX Insights' states by day (edx-analytics-pipeline, enrollments): to enrol while enrolled,
-- or to leave while not, changes nothing, and a day's state is that at its end. Learners who enrolled
-- before the first event are not in it: `student_courseenrollment` has them.
-- Needs: enrolment_events
-- Indexes: day
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | day | DATE | the day (UTC) | none |
-- | mode | VARCHAR | the mode, or `unknown` | none |
-- | joined | BIGINT | learners who are in this mode at the end of the day, and were not the day before | none |
-- | left | BIGINT | learners who were in this mode the day before, and are not at the end of the day | none |
-- | enrolled | BIGINT | learners in this mode at the end of the day | none |
WITH switches AS (
    SELECT
        *,
        CASE WHEN activated THEN TRUE WHEN deactivated THEN FALSE END AS turned_on,
        row_number() OVER (PARTITION BY user_id ORDER BY time, event_id) AS place
    FROM enrolment_events
    WHERE user_id IS NOT NULL AND (activated OR deactivated OR mode_changed)
),
-- what the learner's enrolment was before each event
before AS (
    SELECT
        *,
        coalesce(
            last_value(turned_on IGNORE NULLS) OVER (
                PARTITION BY user_id ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            FALSE
        ) AS was_on
    FROM switches
),
after AS (
    SELECT
        user_id,
        time::DATE AS day,
        place,
        coalesce(turned_on, was_on) AS is_on,
        last_value(
            CASE WHEN mode_changed OR (activated AND NOT was_on) THEN coalesce(mode, 'unknown') END
            IGNORE NULLS
        ) OVER (PARTITION BY user_id ORDER BY place) AS mode
    FROM before
),
states AS (
    SELECT user_id, day, CASE WHEN is_on THEN mode END AS mode
    FROM after
    QUALIFY row_number() OVER (PARTITION BY user_id, day ORDER BY place DESC) = 1
),
moves AS (
    SELECT
        day,
        mode AS now,
        lag(mode) OVER (PARTITION BY user_id ORDER BY day) AS past
    FROM states
),
changes AS (
    SELECT day, now AS mode, 1 AS joined, 0 AS "left"
    FROM moves WHERE now IS NOT NULL AND now IS DISTINCT FROM past
    UNION ALL
    SELECT day, past, 0, 1
    FROM moves WHERE past IS NOT NULL AND past IS DISTINCT FROM now
),
days AS (
    SELECT unnest(generate_series(min(time)::DATE, max(time)::DATE, INTERVAL 1 DAY))::DATE AS day
    FROM switches
),
sums AS (
    SELECT
        day,
        mode,
        coalesce(sum(joined), 0)::BIGINT AS joined,
        coalesce(sum("left"), 0)::BIGINT AS "left"
    FROM days CROSS JOIN (SELECT DISTINCT mode FROM changes)
    LEFT JOIN changes USING (day, mode)
    GROUP BY day, mode
)
SELECT
    day,
    mode,
    joined,
    "left",
    sum(joined - "left") OVER (PARTITION BY mode ORDER BY day)::BIGINT AS enrolled
FROM sums
