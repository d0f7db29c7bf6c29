-- How far each learner got in each video, on each day.
--
-- Grain: one row for each learner, day (UTC) and video with a `play_video`, `pause_video` or
-- `stop_video`.
-- Source: `video_stats_day` of edx2bigquery and simeon. They multiply the place in the video by the
-- playing speed, which is no place: here it is `currentTime` alone. A video is its usage key. Places
-- below 0 or beyond 10 hours are left out. What was watched, piece by piece, is in `video_viewings`.
-- Needs: events
-- Indexes: user_id, day; module_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | day | DATE | the day (UTC) | none |
-- | module_id | VARCHAR | usage key of the video | none |
-- | nplay_video | BIGINT | how often it was played (`play_video`) | none |
-- | position | DOUBLE | the furthest place in seconds; null if no event tells one | none |
WITH told AS (
    SELECT
        user_id,
        time::DATE AS day,
        module_id,
        event_type,
        try_cast(event ->> '$.currentTime' AS DOUBLE) AS place
    FROM activity
    WHERE module_id IS NOT NULL AND event_type IN ('play_video', 'pause_video', 'stop_video')
)
SELECT
    user_id,
    day,
    module_id,
    count(*) FILTER (event_type = 'play_video') AS nplay_video,
    max(place) FILTER (place BETWEEN 0 AND 36_000) AS position
FROM told
GROUP BY user_id, day, module_id
