-- How often each five seconds of each video were watched, and by how many learners.
--
-- Grain: one row for each video and segment that was watched.
-- Source: segments of edX Insights (edx-analytics-pipeline, video): a viewing counts for every
-- segment of which it covers a part.
-- Needs: video_viewings
-- Indexes: module_id, segment
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | module_id | VARCHAR | usage key of the video | none |
-- | segment | BIGINT | the segment, counted from 0: it begins at 5 times its number, in seconds | none |
-- | learners | BIGINT | learners who watched it | none |
-- | views | BIGINT | how often it was watched | none |
WITH covered AS (
    SELECT
        module_id,
        user_id,
        unnest(
            generate_series(
                floor(from_second / 5)::BIGINT, (ceil(to_second / 5) - 1)::BIGINT
            )
        ) AS segment
    FROM video_viewings
)
SELECT module_id, segment, count(DISTINCT user_id) AS learners, count(*) AS views
FROM covered
GROUP BY module_id, segment
