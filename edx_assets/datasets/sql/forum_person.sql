-- What each learner did with each post of the forum: wrote, read, voted, followed.
--
-- Grain: one row for each learner and post that the learner wrote or an event tells of.
-- Source: `forum_person` of edx2bigquery and simeon. Theirs joins events by the learner alone; here an
-- event counts for the post that it is about. A thread opened in newer apps is only in `viewed`,
-- and in the older pages in `read` as well.
-- Needs: forum_events, forum_posts
-- Indexes: user_id; slug_id; thread_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | slug_id | VARCHAR | id of the post | none |
-- | slug_type | VARCHAR | `initial_post`, `response_post` or `comment`; null if the post is no longer there | none |
-- | thread_id | VARCHAR | id of its thread | none |
-- | wrote | BIGINT | 1 for the author, else 0 | none |
-- | read | BIGINT | visits to the thread's address | none |
-- | viewed | BIGINT | events `edx.forum.thread.viewed` | none |
-- | pinned | BIGINT | how often the learner pinned it | none |
-- | upvoted | BIGINT | how often the learner voted for it | none |
-- | unvoted | BIGINT | how often the learner took the vote back | none |
-- | followed | BIGINT | how often the learner followed the thread | none |
-- | first_time | TIMESTAMP | the first of these (UTC) | none |
-- | last_time | TIMESTAMP | the last of these (UTC) | none |
WITH acts AS (
    SELECT
        user_id,
        coalesce(comment_id, thread_id) AS slug_id,
        thread_id,
        CASE forum_action
            WHEN 'read_inline' THEN 'read'
            WHEN 'viewed_thread' THEN 'viewed'
            WHEN 'comment_upvote' THEN 'upvote'
            WHEN 'comment_unvote' THEN 'unvote'
            ELSE forum_action
        END AS act,
        time
    FROM forum_events
    WHERE forum_action IN (
        'read', 'read_inline', 'viewed_thread', 'pin', 'upvote', 'unvote', 'comment_upvote',
        'comment_unvote', 'follow_thread'
    )
    UNION ALL
    SELECT user_id, slug_id, thread_id, 'write', first_time
    FROM forum_posts
    WHERE user_id IS NOT NULL
),
sums AS (
    SELECT
        user_id,
        slug_id,
        min(thread_id) AS thread_id,
        count(*) FILTER (act = 'write') AS wrote,
        count(*) FILTER (act = 'read') AS "read",
        count(*) FILTER (act = 'viewed') AS viewed,
        count(*) FILTER (act = 'pin') AS pinned,
        count(*) FILTER (act = 'upvote') AS upvoted,
        count(*) FILTER (act = 'unvote') AS unvoted,
        count(*) FILTER (act = 'follow_thread') AS followed,
        min(time) AS first_time,
        max(time) AS last_time
    FROM acts
    WHERE slug_id IS NOT NULL
    GROUP BY user_id, slug_id
)
SELECT
    sums.user_id,
    sums.slug_id,
    post.slug_type,
    coalesce(post.thread_id, sums.thread_id) AS thread_id,
    sums.wrote,
    sums."read",
    sums.viewed,
    sums.pinned,
    sums.upvoted,
    sums.unvoted,
    sums.followed,
    sums.first_time,
    sums.last_time
FROM sums
LEFT JOIN forum_posts AS post USING (slug_id)
