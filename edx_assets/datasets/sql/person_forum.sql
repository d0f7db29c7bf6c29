-- How much each learner has written in the forum, and what others made of it.
--
-- Grain: one row for each author of a post.
-- Source: `pc_forum` of edx2bigquery and simeon.
-- Needs: forum_posts
-- Indexes: user_id
--
-- | column | type | meaning |
-- |---|---|---|
-- | user_id | BIGINT | the author |
-- | nforum | BIGINT | posts of any kind |
-- | nvotes | BIGINT | votes for them |
-- | npinned | BIGINT | how many of them are pinned |
-- | nendorsed | BIGINT | how many of them are endorsed |
-- | nthread | BIGINT | threads begun |
-- | ncomment | BIGINT | responses and comments |
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
