-- How much of each video each learner has seen.
--
-- Grain: one row for each learner and video with a viewing.
-- Source: the union of the learner's viewings: what is watched twice counts once.
-- Needs: video_viewings
-- Indexes: user_id; module_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | module_id | VARCHAR | usage key of the video | none |
-- | viewings | BIGINT | pieces played | none |
-- | seconds_watched | DOUBLE | seconds of the video that were played at least once | none |
-- | furthest_second | DOUBLE | the furthest place reached, in seconds | none |
-- | complete | BOOLEAN | reached the last 30 s or 95% of the video, whichever is later; null if its length is unknown | none |
-- | first_time | TIMESTAMP | when it was first played (UTC) | none |
-- | last_time | TIMESTAMP | when it was last played (UTC) | none |
WITH reached AS (
    SELECT
        *,
        coalesce(
            max(to_second) OVER (
                PARTITION BY user_id, module_id
                ORDER BY from_second, to_second, event_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            0
        ) AS seen_to
    FROM video_viewings
)
SELECT
    user_id,
    module_id,
    count(*) AS viewings,
    round(sum(greatest(0, to_second - greatest(from_second, seen_to))), 6) AS seconds_watched,
    max(to_second) AS furthest_second,
    max(to_second) >= greatest(max(duration) - 30, 0.95 * max(duration)) AS complete,
    min(time) AS first_time,
    max(time) AS last_time
FROM reached
GROUP BY user_id, module_id
