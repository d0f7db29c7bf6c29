-- Who enrolled, left, or changed mode, and when: the history that no table of the package holds.
--
-- Grain: one row for each enrolment event.
-- Source: `enrollment_events` of edx2bigquery and simeon. The learner is the one that the event is
-- about, who is not always the one who caused it.
-- Needs: events
-- Indexes: user_id; time
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | time | TIMESTAMP | when it happened (UTC) | none |
-- | user_id | BIGINT | the learner whose enrolment it is | identifier: user id |
-- | event_type | VARCHAR | the event's type | none |
-- | mode | VARCHAR | the mode that the event tells: honor, audit, verified, ... | quasi-identifier |
-- | activated | BOOLEAN | the learner enrolled | none |
-- | deactivated | BOOLEAN | the learner left | none |
-- | mode_changed | BOOLEAN | the mode changed | none |
-- | upgraded | BOOLEAN | an upgrade was paid for (`...upgrade.succeeded`) | none |
-- | event_id | VARCHAR | `_id` of the event in `tracking` | none |
SELECT
    time,
    coalesce(try_cast(event ->> '$.user_id' AS BIGINT), user_id) AS user_id,
    event_type,
    event ->> '$.mode' AS mode,
    event_type = 'edx.course.enrollment.activated' AS activated,
    event_type = 'edx.course.enrollment.deactivated' AS deactivated,
    event_type = 'edx.course.enrollment.mode_changed' AS mode_changed,
    event_type = 'edx.course.enrollment.upgrade.succeeded' AS upgraded,
    event_id
FROM events
WHERE contains(event_type, 'edx.course.enrollment')
