-- Each thread, response and comment of the forum, with whom it answers.
--
-- Grain: one row for each post.
-- Source: `forum_posts` of edx2bigquery and simeon, whose users are names; here they are ids, and the
-- author is told of every post. There a thread has no `thread_id`, and responses are two rows each.
-- Needs: forum
-- Indexes: slug_id; thread_id; user_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | slug_id | VARCHAR | id of the post | none |
-- | slug_type | VARCHAR | `initial_post` (a thread), `response_post` or `comment`; null if unknown | none |
-- | thread_id | VARCHAR | id of its thread; of a thread, its own | none |
-- | parent_id | VARCHAR | id of the response that a comment is about | none |
-- | user_id | BIGINT | the author | identifier: user id |
-- | original_poster | BIGINT | the author of the thread | identifier: user id |
-- | responded_to | BIGINT | of a comment, the author of the response | identifier: user id |
-- | subject | VARCHAR | the thread's topic (`commentable_id`) | none |
-- | title | VARCHAR | the thread's title | free text |
-- | first_time | TIMESTAMP | when it was written (UTC) | none |
-- | anonymous | BOOLEAN | whether the author's name is hidden from other learners | none |
-- | votes | BIGINT | votes that it has | none |
-- | pinned | BOOLEAN | whether it is pinned; null if the forum does not tell | none |
-- | endorsed | BOOLEAN | whether the course team endorsed it; null if the forum does not tell | none |
-- | body_preview | VARCHAR | its first 100 characters | free text |
WITH posts AS (
    SELECT
        _id AS slug_id,
        document ->> '$._type' AS kind,
        nullif(document ->> '$.comment_thread_id', '') AS in_thread,
        nullif(document ->> '$.parent_id', '') AS parent_id,
        try_cast(document ->> '$.author_id' AS BIGINT) AS user_id,
        document ->> '$.commentable_id' AS subject,
        document ->> '$.title' AS title,
        try_cast(document ->> '$.created_at' AS TIMESTAMP) AS first_time,
        coalesce(try_cast(document ->> '$.anonymous' AS BOOLEAN), FALSE)
            OR coalesce(try_cast(document ->> '$.anonymous_to_peers' AS BOOLEAN), FALSE)
            AS anonymous,
        coalesce(try_cast(document ->> '$.votes.count' AS BIGINT), 0) AS votes,
        try_cast(document ->> '$.pinned' AS BOOLEAN) AS pinned,
        try_cast(document ->> '$.endorsed' AS BOOLEAN) AS endorsed,
        left(document ->> '$.body', 100) AS body_preview
    FROM forum
)
SELECT
    post.slug_id,
    CASE
        WHEN post.kind = 'CommentThread' THEN 'initial_post'
        WHEN post.kind = 'Comment' AND post.parent_id IS NULL THEN 'response_post'
        WHEN post.kind = 'Comment' THEN 'comment'
    END AS slug_type,
    CASE WHEN post.kind = 'CommentThread' THEN post.slug_id ELSE post.in_thread END AS thread_id,
    post.parent_id,
    post.user_id,
    CASE WHEN post.kind = 'CommentThread' THEN post.user_id ELSE thread.user_id END
        AS original_poster,
    parent.user_id AS responded_to,
    coalesce(post.subject, thread.subject) AS subject,
    coalesce(post.title, thread.title) AS title,
    post.first_time,
    post.anonymous,
    post.votes,
    post.pinned,
    post.endorsed,
    post.body_preview
FROM posts AS post
LEFT JOIN posts AS thread ON thread.slug_id = post.in_thread
LEFT JOIN posts AS parent ON parent.slug_id = post.parent_id
