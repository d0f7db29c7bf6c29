-- When each learner was there, and for how long: events with less than 30 minutes between them.
--
-- Grain: one row for each learner and session.
-- Source: the usual definition of web analytics; the browser's session id lasts for weeks and cannot
-- be used for it.
-- Needs: events
-- Indexes: user_id, number; start
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | number | BIGINT | the learner's sessions, counted from 1 | none |
-- | start | TIMESTAMP | the first event (UTC) | none |
-- | end | TIMESTAMP | the last event (UTC) | none |
-- | seconds | DOUBLE | the time between them | none |
-- | nevents | BIGINT | events | none |
WITH begun AS (
    SELECT
        user_id,
        time,
        event_source,
        event_id,
        coalesce(
            epoch_ms(time) - lag(epoch_ms(time)) OVER (
                PARTITION BY user_id ORDER BY time, event_source, event_id
            ) >= 1_800_000,
            TRUE
        ) AS begins
    FROM activity
),
numbered AS (
    SELECT
        user_id,
        time,
        sum(begins::INT) OVER (PARTITION BY user_id ORDER BY time, event_source, event_id) AS number
    FROM begun
)
SELECT
    user_id,
    number::BIGINT AS number,
    min(time) AS start,
    max(time) AS "end",
    (epoch_ms(max(time)) - epoch_ms(min(time))) / 1000 AS seconds,
    count(*) AS nevents
FROM numbered
GROUP BY user_id, number
