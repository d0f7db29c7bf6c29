-- How much each learner has written in the forum, and what others made of it.
--
-- Grain: one row for each author of a post.
-- Source: `pc_forum` of edx2bigquery and simeon.
-- Needs: forum_posts
-- Indexes: user_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the author | identifier: user id |
-- | nforum | BIGINT | posts of any kind | none |
-- | nvotes | BIGINT | votes for them | none |
-- | npinned | BIGINT | how many of them are pinned | none |
-- | nendorsed | BIGINT | how many of them are endorsed | none |
-- | nthread | BIGINT | threads begun | none |
-- | ncomment | BIGINT | responses and comments | none |
SELECT
    user_id,
    count(*) AS nforum,
    try_cast(sum(votes) AS BIGINT) AS nvotes,
    count(*) FILTER (pinned) AS npinned,
    count(*) FILTER (endorsed) AS nendorsed,
    count(*) FILTER (slug_type = 'initial_post') AS nthread,
    count(*) FILTER (slug_type IN ('response_post', 'comment')) AS ncomment
FROM forum_posts
WHERE user_id IS NOT NULL
GROUP BY user_id
