-- What each learner did on each day: counts of events, and the time between them.
--
-- Grain: one row for each learner and day (UTC) with an event.
-- Source: `person_course_day` of edx2bigquery and simeon, its counts and times. Both are computed
-- from the events alone; the names are theirs, so that studies can be compared. Time between events
-- is kept up to 5 minutes, and a learner's previous event may lie on the day before.
-- Needs: events
-- Indexes: user_id, day; day
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | day | DATE | the day (UTC) | none |
-- | nevents | BIGINT | events | none |
-- | nprogcheck | BIGINT | visits to the progress page | none |
-- | nshow_answer | BIGINT | answers asked for | none |
-- | nvideo | BIGINT | videos played (`play_video`) | none |
-- | nproblem_check | BIGINT | problem_check of browser and server: a usual submission counts 2 | none |
-- | nproblem_check_server | BIGINT | problem_check of the server alone | none |
-- | nforum | BIGINT | visits to the forum | none |
-- | ntranscript | BIGINT | transcripts shown | none |
-- | nseq_goto | BIGINT | jumps within a sequential | none |
-- | nseek_video | BIGINT | jumps within a video | none |
-- | npause_video | BIGINT | videos paused | none |
-- | first_event | TIMESTAMP | the day's first event (UTC) | none |
-- | last_event | TIMESTAMP | the day's last event (UTC) | none |
-- | n_dt | BIGINT | times between events that were kept | none |
-- | sum_dt | DOUBLE | their sum in seconds: time on the course | none |
-- | avg_dt | DOUBLE | their mean in seconds | none |
-- | max_dt | DOUBLE | the longest of them in seconds | none |
-- | sdv_dt | DOUBLE | their sample standard deviation in seconds | none |
WITH timed AS (
    SELECT
        *,
        epoch_ms(time) - lag(epoch_ms(time)) OVER (
            PARTITION BY user_id ORDER BY time, event_source, event_id
        ) AS since
    FROM activity
),
kept AS (
    SELECT * REPLACE (CASE WHEN since <= 300_000 THEN since END AS since) FROM timed
)
SELECT
    user_id,
    time::DATE AS day,
    count(*) AS nevents,
    count(*) FILTER (
        regexp_matches(event_type, '^/courses/([^/]+-v1[^/]+|[^/]+/[^/]+/[^/]+)/progress')
    ) AS nprogcheck,
    count(*) FILTER (event_type IN ('show_answer', 'showanswer')) AS nshow_answer,
    count(*) FILTER (event_type = 'play_video') AS nvideo,
    count(*) FILTER (event_type = 'problem_check') AS nproblem_check,
    count(*) FILTER (event_type = 'problem_check' AND event_source = 'server')
        AS nproblem_check_server,
    count(*) FILTER (
        regexp_matches(event_type, '^/courses/([^/]+-v1[^/]+|[^/]+/[^/]+/[^/]+)/discussion')
    ) AS nforum,
    count(*) FILTER (event_type = 'show_transcript') AS ntranscript,
    count(*) FILTER (event_type = 'seq_goto') AS nseq_goto,
    count(*) FILTER (event_type = 'seek_video') AS nseek_video,
    count(*) FILTER (event_type = 'pause_video') AS npause_video,
    min(time) AS first_event,
    max(time) AS last_event,
    count(since) AS n_dt,
    coalesce(sum(since), 0) / 1000 AS sum_dt,
    round(avg(since) / 1000, 6) AS avg_dt,
    max(since) / 1000 AS max_dt,
    round(stddev_samp(since) / 1000, 6) AS sdv_dt
FROM kept
GROUP BY user_id, day
