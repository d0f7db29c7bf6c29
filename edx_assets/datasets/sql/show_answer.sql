-- Who asked to see the answer to a problem, and when.
--
-- Grain: one row for each event `show_answer` or `showanswer`, whether of the browser or the server.
-- Source: `show_answer` of edx2bigquery and simeon.
-- Needs: events
-- Indexes: user_id; module_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | time | TIMESTAMP | when it happened (UTC) | none |
-- | user_id | BIGINT | the learner | identifier: user id |
-- | module_id | VARCHAR | usage key of the problem | none |
-- | event_source | VARCHAR | `server` or `browser`: both can report the same click | none |
-- | event_id | VARCHAR | `_id` of the event in `tracking` | none |
SELECT time, user_id, module_id, event_source, event_id
FROM events
WHERE event_type IN ('show_answer', 'showanswer')
