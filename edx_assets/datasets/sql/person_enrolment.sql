-- When each learner first enrolled and last left, and the same of the verified mode.
--
-- Grain: one row for each learner with an enrolment event.
-- Source: `person_enrollment_verified` of simeon. Who enrolled as verified at once is counted as well,
-- which it and edx2bigquery miss.
-- Needs: enrolment_events
-- Indexes: user_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | enroll_time | TIMESTAMP | the first enrolment that an event tells (UTC) | quasi-identifier |
-- | unenroll_time | TIMESTAMP | when the learner last left (UTC), even if to come back | none |
-- | verified_enroll_time | TIMESTAMP | the first enrolment as verified, or change to it (UTC) | quasi-identifier |
-- | verified_unenroll_time | TIMESTAMP | when the learner last left while verified (UTC) | none |
SELECT
    user_id,
    min(time) FILTER (activated) AS enroll_time,
    max(time) FILTER (deactivated) AS unenroll_time,
    min(time) FILTER ((activated OR mode_changed) AND mode = 'verified') AS verified_enroll_time,
    max(time) FILTER (deactivated AND mode = 'verified') AS verified_unenroll_time
FROM enrolment_events
WHERE user_id IS NOT NULL
GROUP BY user_id
