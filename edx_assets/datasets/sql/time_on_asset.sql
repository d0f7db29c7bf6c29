-- How long each learner was at each block, on each day.
--
-- Grain: one row for each learner, day (UTC) and block with an event.
-- Source: `time_on_asset_daily` of edx2bigquery and simeon: times since the learner's previous event
-- about the same block, on the day of the later one.
-- Needs: events
-- Indexes: user_id, day; module_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | day | DATE | the day (UTC) | none |
-- | module_id | VARCHAR | usage key of the block | none |
-- | nevents | BIGINT | events about the block | none |
-- | time_5 | DOUBLE | seconds: times under 5 minutes | none |
-- | time_30 | DOUBLE | seconds: times under 30 minutes | none |
WITH timed AS (
    SELECT
        user_id,
        time::DATE AS day,
        module_id,
        epoch_ms(time) - lag(epoch_ms(time)) OVER (
            PARTITION BY user_id, module_id ORDER BY time, event_source, event_id
        ) AS since
    FROM activity
    WHERE module_id IS NOT NULL
)
SELECT
    user_id,
    day,
    module_id,
    count(*) AS nevents,
    coalesce(sum(since) FILTER (since < 300_000), 0) / 1000 AS time_5,
    coalesce(sum(since) FILTER (since < 1_800_000), 0) / 1000 AS time_30
FROM timed
GROUP BY user_id, day, module_id
