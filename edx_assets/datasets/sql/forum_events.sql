-- What learners did in the forum: each visit, search, vote and post that an event tells.
--
-- Grain: one row for each event of the forum.
-- Source: `forum_events` of edx2bigquery and simeon, their names of actions by address. Explicit events
-- are named alike (`edx.forum.thread.created` is `created_thread`), where both name four of them
-- alone. A post can be told twice: its address says `reply`, and its explicit event
-- `created_response`. The thread is also that of the explicit events; what an address
-- `/comments/...` is about is in `comment_id`.
-- Needs: events
-- Indexes: user_id; thread_id; time
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | time | TIMESTAMP | when it happened (UTC) | none |
-- | user_id | BIGINT | the learner | identifier: user id |
-- | event_type | VARCHAR | the event's type, or its address | free text |
-- | forum_action | VARCHAR | by address `read`, `read_inline`, `reply`, `upvote`, `comment_reply`, `follow_thread`, `search`, `enter_forum`, ...; explicit `created_thread`, `viewed_thread`, `searched`, ...; null if unknown | none |
-- | thread_id | VARCHAR | the thread | none |
-- | comment_id | VARCHAR | the response or comment | none |
-- | subject | VARCHAR | the topic (`commentable_id`) | none |
-- | target_user_id | BIGINT | the user whose page was visited, or who was followed | identifier: user id |
-- | search_query | VARCHAR | what was searched for | free text |
-- | event_id | VARCHAR | `_id` of the event in `tracking` | none |
WITH forum AS (
    SELECT
        *,
        CASE WHEN starts_with(event_type, '/') THEN
            string_split(trim(regexp_extract(event_type, '/discussion/([^?#]*)', 1), '/'), '/')
        END AS parts,
        regexp_extract(event_type, '^edx\.forum\.(?:(\w+)\.)?(\w+)$', ['object', 'verb']) AS explicit
    FROM activity
    WHERE starts_with(event_type, 'edx.forum.')
        OR regexp_matches(event_type, '/discussion/(forum|threads|comments)')
        OR regexp_matches(event_type, '(list|add|remove)[-_]forum[-_]|update_forum_')
)
SELECT
    time,
    user_id,
    event_type,
    CASE
        WHEN explicit.verb <> '' THEN concat_ws('_', explicit.verb, nullif(explicit.object, ''))
        WHEN parts[1] = 'threads' THEN
            CASE
                WHEN parts[3] IN ('follow', 'unfollow') THEN parts[3] || '_thread'
                ELSE parts[3]
            END
        WHEN parts[1] = 'comments' THEN 'comment_' || parts[3]
        WHEN parts[1] = 'forum' AND len(parts) = 1 THEN 'enter_forum'
        WHEN parts[1] = 'forum' AND parts[2] = 'search' THEN 'search'
        WHEN parts[1] = 'forum' AND parts[2] = 'users' AND parts[4] = 'followed' THEN 'follow_user'
        WHEN parts[1] = 'forum' AND parts[2] = 'users' THEN 'target_user'
        WHEN parts[1] = 'forum' AND parts[3] = 'threads' AND len(parts) > 3 THEN 'read'
        WHEN parts[1] = 'forum' AND parts[3] = 'inline' THEN 'read_inline'
        WHEN regexp_matches(event_type, '(list|add|remove)[-_]forum[-_]|update_forum_')
            THEN regexp_extract(event_type, '([^/]+)/?$', 1)
    END AS forum_action,
    thread_id,
    comment_id,
    coalesce(
        nullif(event ->> '$.commentable_id', ''),
        CASE
            WHEN parts[1] = 'forum' AND parts[3] IN ('threads', 'inline')
                THEN parts[2]
        END
    ) AS subject,
    CASE
        WHEN parts[1] = 'forum' AND parts[2] = 'users' THEN try_cast(parts[3] AS BIGINT)
    END AS target_user_id,
    coalesce(event ->> '$.query', CASE WHEN parts[2] = 'search' THEN event ->> '$.GET.text[0]' END)
        AS search_query,
    event_id
FROM forum
