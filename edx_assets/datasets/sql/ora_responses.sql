-- What learners submitted to open response assessments, and how it was assessed.
--
-- Grain: one row for each response.
-- Source: the tables `submissions_...` of the package, and the event
-- `openassessmentblock.create_submission` for what they lack. The learners' own words are in it. The
-- score is the newest that the tables have; each assessment is in `ora_assessments`.
-- Needs: events, ora_assessments, submissions_submission, submissions_studentitem, submissions_score,
-- student_anonymoususerid
-- Indexes: user_id; module_id; response_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | response_id | VARCHAR | UUID of the response, with hyphens | none |
-- | user_id | BIGINT | the learner; null if only the tables tell, and the course lacks `student_anonymoususerid` | identifier: user id |
-- | module_id | VARCHAR | usage key of the assessment | none |
-- | attempt | BIGINT | number of the learner's attempt, from 1 | none |
-- | time | TIMESTAMP | when it was submitted (UTC) | none |
-- | text | VARCHAR | the response's texts, with an empty line between those of several prompts | free text |
-- | files | BIGINT | files that belong to it | none |
-- | answer | JSON | the response as submitted | free text |
-- | deleted | BOOLEAN | whether staff removed it with the learner's state; null if no table tells | none |
-- | points | DOUBLE | points earned; null if it has no score (yet) | sensitive |
-- | max_points | DOUBLE | points possible | none |
-- | scored | TIMESTAMP | when it got its score (UTC) | none |
-- | peer_assessments | BIGINT | assessments by peers | none |
-- | peer_points | DOUBLE | mean of the points that peers gave | sensitive |
-- | self_points | DOUBLE | points that the learner gave, the last time | sensitive |
-- | staff_points | DOUBLE | points that staff gave, the last time | sensitive |
WITH people AS (
    SELECT anonymous_user_id, min(user_id) AS user_id
    FROM student_anonymoususerid
    GROUP BY anonymous_user_id
),
scores AS (
    SELECT submission_id, points_earned, points_possible, created_at
    FROM submissions_score
    WHERE coalesce(reset, 0) = 0
    QUALIFY row_number() OVER (PARTITION BY submission_id ORDER BY created_at DESC, id DESC) = 1
),
stored AS (
    SELECT
        try_cast(given.uuid AS UUID)::VARCHAR AS response_id,
        people.user_id,
        item.item_id AS module_id,
        given.attempt_number AS attempt,
        given.submitted_at AS time,
        given.raw_answer::JSON AS answer,
        given.status = 'D' AS deleted,
        scores.points_earned::DOUBLE AS points,
        scores.points_possible::DOUBLE AS max_points,
        scores.created_at AS scored
    FROM submissions_submission AS given
    LEFT JOIN submissions_studentitem AS item ON given.student_item_id = item.id
    LEFT JOIN people ON item.student_id = people.anonymous_user_id
    LEFT JOIN scores ON given.id = scores.submission_id
    WHERE coalesce(item.item_type, 'openassessment') = 'openassessment'
),
told AS (
    SELECT
        try_cast(event ->> '$.submission_uuid' AS UUID)::VARCHAR AS response_id,
        user_id,
        module_id,
        try_cast(event ->> '$.attempt_number' AS BIGINT) AS attempt,
        time,
        event -> '$.answer' AS answer
    FROM events
    WHERE event_source = 'server' AND event_type = 'openassessmentblock.create_submission'
    QUALIFY response_id IS NULL
        OR row_number() OVER (PARTITION BY response_id ORDER BY time, event_id) = 1
),
responses AS (
    SELECT
        response_id,
        coalesce(stored.user_id, told.user_id) AS user_id,
        coalesce(stored.module_id, told.module_id) AS module_id,
        coalesce(stored.attempt, told.attempt) AS attempt,
        coalesce(stored.time, told.time) AS time,
        coalesce(stored.answer, told.answer) AS answer,
        deleted,
        points,
        max_points,
        scored
    FROM stored FULL JOIN told USING (response_id)
),
assessed AS (
    SELECT
        response_id,
        count(*) FILTER (kind = 'peer') AS peer_assessments,
        round(avg(points) FILTER (kind = 'peer'), 6) AS peer_points,
        arg_max(points, (time, scorer_id)) FILTER (kind = 'self') AS self_points,
        arg_max(points, (time, scorer_id)) FILTER (kind = 'staff') AS staff_points
    FROM ora_assessments
    GROUP BY response_id
)
SELECT
    response_id,
    user_id,
    module_id,
    attempt,
    time,
    coalesce(
        nullif(array_to_string(answer ->> '$.parts[*].text', chr(10) || chr(10)), ''),
        answer ->> '$.text'
    ) AS text,
    coalesce(json_array_length(answer -> '$.file_keys'), ((answer ->> '$.file_key') IS NOT NULL)::INT)
        ::BIGINT AS files,
    answer,
    deleted,
    points,
    max_points,
    scored,
    coalesce(peer_assessments, 0) AS peer_assessments,
    peer_points,
    self_points,
    staff_points
FROM responses LEFT JOIN assessed USING (response_id)
