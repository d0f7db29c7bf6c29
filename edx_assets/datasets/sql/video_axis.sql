-- The videos of a course in order, with their chapters and lengths.
--
-- Grain: one row for each video that the course reaches.
-- Source: `video_axis` of edx2bigquery and simeon. A video is its usage key. Its length is what
-- players report (since about 2018: the longest, up to 10 hours, as in `video_viewings`), else that in
-- the course export. simeon leaves out what is for staff only: here, a column tells it.
-- Needs: course_axis, events
-- Indexes: index_video; module_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | index_video | BIGINT | its place in the course (`course_axis.index`) | none |
-- | module_id | VARCHAR | usage key of the video | none |
-- | category | VARCHAR | `video`, or `videoalpha` in courses of 2013 | none |
-- | name | VARCHAR | the display name, or the url_name where it has none | none |
-- | youtube_id | VARCHAR | id on YouTube, at its usual speed | none |
-- | video_length | DOUBLE | length in seconds, if it is known | none |
-- | visible_to_staff_only | BOOLEAN | whether learners cannot see it | none |
-- | index_chapter | BIGINT | the place of its chapter in the course | none |
-- | chapter_id | VARCHAR | usage key of its chapter | none |
-- | chapter_name | VARCHAR | display name of its chapter | none |
WITH lengths AS (
    SELECT
        module_id,
        max(try_cast(event ->> '$.duration' AS DOUBLE))
            FILTER (try_cast(event ->> '$.duration' AS DOUBLE) BETWEEN 0.001 AND 36_000) AS reported
    FROM activity
    WHERE event_type IN ('play_video', 'pause_video', 'stop_video', 'seek_video')
    GROUP BY module_id
)
SELECT
    video.index AS index_video,
    module_id,
    video.category,
    video.name,
    video.youtube_id,
    coalesce(lengths.reported, video.duration) AS video_length,
    video.visible_to_staff_only,
    chapter.index AS index_chapter,
    video.chapter_id,
    chapter.name AS chapter_name
FROM course_axis AS video
LEFT JOIN lengths USING (module_id)
LEFT JOIN course_axis AS chapter ON chapter.module_id = video.chapter_id
WHERE video.category IN ('video', 'videoalpha')
