-- How long each learner was at videos, problems, the forum and texts, on each day.
--
-- Grain: one row for each learner and day (UTC) with an event after the learner's very first.
-- Source: `time_on_task` of edx2bigquery and simeon, in one window over the whole course and with
-- milliseconds. A time between two events counts on the day of the later one. `total_..._time_N` sums
-- the times under N minutes since the learner's previous event of the same kind; `serial_..._time_30`
-- those under 30 minutes since the previous event of any of the four kinds. Both miss a video that is
-- left by closing the browser.
-- Needs: events
-- Indexes: user_id, day; day
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | day | DATE | the day (UTC) | none |
-- | total_time_5 | DOUBLE | seconds on the course: times under 5 minutes since any event | none |
-- | total_time_30 | DOUBLE | the same, under 30 minutes | none |
-- | total_video_time_5 | DOUBLE | seconds on videos and transcripts, under 5 minutes | none |
-- | total_video_time_30 | DOUBLE | the same, under 30 minutes | none |
-- | total_problem_time_5 | DOUBLE | seconds on problems, under 5 minutes | none |
-- | total_problem_time_30 | DOUBLE | the same, under 30 minutes | none |
-- | total_forum_time_5 | DOUBLE | seconds in the forum, under 5 minutes | none |
-- | total_forum_time_30 | DOUBLE | the same, under 30 minutes | none |
-- | total_text_time_5 | DOUBLE | seconds on textbooks and the wiki, under 5 minutes | none |
-- | total_text_time_30 | DOUBLE | the same, under 30 minutes | none |
-- | serial_video_time_30 | DOUBLE | seconds since the previous event of the four kinds, to one on videos | none |
-- | serial_problem_time_30 | DOUBLE | the same, to one on problems | none |
-- | serial_forum_time_30 | DOUBLE | the same, to one in the forum | none |
-- | serial_text_time_30 | DOUBLE | the same, to one on texts | none |
WITH kinds AS (
    SELECT
        user_id,
        time,
        event_source,
        event_id,
        CASE
            WHEN regexp_matches(event_type, '\w+_(video|transcript)') THEN 'video'
            WHEN regexp_matches(event_type, 'problem_\w+') THEN 'problem'
            WHEN regexp_matches(event_type, '^edx\.forum\.|/discussion/(forum|threads|comments)')
                THEN 'forum'
            WHEN regexp_matches(event_type, '^textbook\.|/wiki/') THEN 'text'
        END AS kind
    FROM activity
),
timed AS (
    SELECT
        user_id,
        time::DATE AS day,
        kind,
        epoch_ms(time) - lag(epoch_ms(time)) OVER any_event AS since_any,
        epoch_ms(time) - lag(epoch_ms(time)) OVER same_kind AS since_same,
        epoch_ms(time) - lag(epoch_ms(time)) OVER any_kind AS since_kinds
    FROM kinds
    WINDOW
        any_event AS (PARTITION BY user_id ORDER BY time, event_source, event_id),
        same_kind AS (PARTITION BY user_id, kind ORDER BY time, event_source, event_id),
        any_kind AS (PARTITION BY user_id, kind IS NULL ORDER BY time, event_source, event_id)
)
SELECT
    user_id,
    day,
    coalesce(sum(since_any) FILTER (since_any < 300_000), 0) / 1000 AS total_time_5,
    coalesce(sum(since_any) FILTER (since_any < 1_800_000), 0) / 1000 AS total_time_30,
    coalesce(sum(since_same) FILTER (kind = 'video' AND since_same < 300_000), 0) / 1000
        AS total_video_time_5,
    coalesce(sum(since_same) FILTER (kind = 'video' AND since_same < 1_800_000), 0) / 1000
        AS total_video_time_30,
    coalesce(sum(since_same) FILTER (kind = 'problem' AND since_same < 300_000), 0) / 1000
        AS total_problem_time_5,
    coalesce(sum(since_same) FILTER (kind = 'problem' AND since_same < 1_800_000), 0) / 1000
        AS total_problem_time_30,
    coalesce(sum(since_same) FILTER (kind = 'forum' AND since_same < 300_000), 0) / 1000
        AS total_forum_time_5,
    coalesce(sum(since_same) FILTER (kind = 'forum' AND since_same < 1_800_000), 0) / 1000
        AS total_forum_time_30,
    coalesce(sum(since_same) FILTER (kind = 'text' AND since_same < 300_000), 0) / 1000
        AS total_text_time_5,
    coalesce(sum(since_same) FILTER (kind = 'text' AND since_same < 1_800_000), 0) / 1000
        AS total_text_time_30,
    coalesce(sum(since_kinds) FILTER (kind = 'video' AND since_kinds < 1_800_000), 0) / 1000
        AS serial_video_time_30,
    coalesce(sum(since_kinds) FILTER (kind = 'problem' AND since_kinds < 1_800_000), 0) / 1000
        AS serial_problem_time_30,
    coalesce(sum(since_kinds) FILTER (kind = 'forum' AND since_kinds < 1_800_000), 0) / 1000
        AS serial_forum_time_30,
    coalesce(sum(since_kinds) FILTER (kind = 'text' AND since_kinds < 1_800_000), 0) / 1000
        AS serial_text_time_30
FROM timed
WHERE since_any IS NOT NULL
GROUP BY user_id, day
