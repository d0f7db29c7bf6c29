-- What each learner watched of each video: from where to where, each time.
--
-- Grain: one row for each time that a learner played a piece of a video.
-- Source: viewings of edX Insights (edx-analytics-pipeline, video). One begins at the place of a
-- `play_video` (after a jump, at the place jumped to) and ends with the learner's next pause, stop or
-- jump in that video; a second play in between takes the place of the first. Left out: under 0.25 s,
-- backwards, beyond 10 hours or more than a second beyond the video's end.
-- Needs: events
-- Indexes: user_id; module_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | module_id | VARCHAR | usage key of the video | none |
-- | time | TIMESTAMP | when it was played (UTC) | none |
-- | from_second | DOUBLE | place in the video where it began, in seconds | none |
-- | to_second | DOUBLE | place where it ended, in seconds | none |
-- | duration | DOUBLE | length of the video in seconds, if an event tells it (since about 2018) | none |
-- | event_id | VARCHAR | `_id` of the `play_video` in `tracking` | none |
WITH told AS (
    SELECT
        user_id,
        module_id,
        time,
        event_source,
        event_id,
        event_type,
        try_cast(event ->> '$.currentTime' AS DOUBLE) AS place,
        try_cast(event ->> '$.old_time' AS DOUBLE) AS jumped_from,
        try_cast(event ->> '$.new_time' AS DOUBLE) AS jumped_to,
        try_cast(event ->> '$.duration' AS DOUBLE) AS duration
    FROM activity
    WHERE module_id IS NOT NULL
        AND event_type IN ('play_video', 'pause_video', 'stop_video', 'seek_video')
),
placed AS (
    SELECT
        *,
        lag(event_type) OVER in_video AS past_type,
        lag(jumped_to) OVER in_video AS past_jumped_to,
        lead(event_type) OVER in_video AS next_type,
        lead(place) OVER in_video AS next_place,
        lead(jumped_from) OVER in_video AS next_jumped_from,
        max(duration) OVER (PARTITION BY module_id) AS length
    FROM told
    WINDOW in_video AS (PARTITION BY user_id, module_id ORDER BY time, event_source, event_id)
),
viewings AS (
    SELECT
        *,
        CASE WHEN past_type = 'seek_video' THEN coalesce(past_jumped_to, place) ELSE place END
            AS from_second,
        CASE WHEN next_type = 'seek_video' THEN next_jumped_from ELSE next_place END AS to_second
    FROM placed
    WHERE event_type = 'play_video' AND next_type <> 'play_video'
)
SELECT
    user_id,
    module_id,
    time,
    from_second,
    to_second,
    length AS duration,
    event_id
FROM viewings
WHERE from_second >= 0
    AND to_second - from_second >= 0.25
    AND to_second <= 36_000
    AND (length IS NULL OR to_second <= length + 1)
