-- Who assessed which response of an open response assessment, when, and with how many points.
--
-- Grain: one row for each assessment of a response, by a peer, the learner, or staff.
-- Source: the tables `assessment_...` of the package, and the events `openassessmentblock.peer_assess`,
-- `self_assess` and `staff_assess` for what the tables lack: an event within 5 s of an assessment of
-- the same response, kind and assessor is that assessment. The words of assessors are in it.
-- Needs: events, assessment_assessment, assessment_assessmentpart, assessment_criterion,
-- assessment_criterionoption, assessment_peerworkflowitem, student_anonymoususerid
-- Indexes: response_id; scorer_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | response_id | VARCHAR | UUID of the response, with hyphens: see `ora_responses` | none |
-- | kind | VARCHAR | `peer`, `self` or `staff` | none |
-- | time | TIMESTAMP | when it was assessed (UTC) | none |
-- | scorer_id | BIGINT | who assessed it; null if the course lacks `student_anonymoususerid` | identifier: user id |
-- | points | DOUBLE | points given, all criteria together | sensitive |
-- | max_points | DOUBLE | points possible | none |
-- | counts | BIGINT | 1 if a peer's assessment counts towards the score, else 0; null if no table tells | none |
-- | feedback | VARCHAR | words on the whole response | free text |
-- | parts | JSON | for each criterion its `criterion`, `option`, `points`, `max_points` and `feedback` | free text |
-- | told_by | VARCHAR | `table` or `event` | none |
WITH people AS (
    SELECT anonymous_user_id, min(user_id) AS user_id
    FROM student_anonymoususerid
    GROUP BY anonymous_user_id
),
criteria AS (
    SELECT criterion_id, max(points)::DOUBLE AS max_points
    FROM assessment_criterionoption
    GROUP BY criterion_id
),
marks AS (
    SELECT
        part.assessment_id,
        sum(option.points)::DOUBLE AS points,
        sum(criteria.max_points) AS max_points,
        to_json(
            list(
                {
                    'criterion': criterion.name,
                    'option': option.name,
                    'points': option.points::DOUBLE,
                    'max_points': criteria.max_points,
                    'feedback': nullif(part.feedback, '')
                }
                ORDER BY criterion.order_num, part.id
            )
        ) AS parts
    FROM assessment_assessmentpart AS part
    LEFT JOIN assessment_criterion AS criterion ON part.criterion_id = criterion.id
    LEFT JOIN assessment_criterionoption AS option ON part.option_id = option.id
    LEFT JOIN criteria ON part.criterion_id = criteria.criterion_id
    GROUP BY part.assessment_id
),
counted AS (
    SELECT assessment_id, max(scored) AS counts
    FROM assessment_peerworkflowitem
    GROUP BY assessment_id
),
stored AS (
    SELECT
        try_cast(given.submission_uuid AS UUID)::VARCHAR AS response_id,
        given.score_type,
        given.scored_at AS time,
        given.scorer_id AS anonymous_id,
        people.user_id AS scorer_id,
        marks.points,
        marks.max_points,
        counted.counts,
        given.feedback,
        marks.parts,
        'table' AS told_by
    FROM assessment_assessment AS given
    LEFT JOIN people ON given.scorer_id = people.anonymous_user_id
    LEFT JOIN marks ON given.id = marks.assessment_id
    LEFT JOIN counted ON given.id = counted.assessment_id
),
told AS (
    SELECT
        try_cast(event ->> '$.submission_uuid' AS UUID)::VARCHAR AS response_id,
        CASE event_type
            WHEN 'openassessmentblock.peer_assess' THEN 'PE'
            WHEN 'openassessmentblock.self_assess' THEN 'SE'
            ELSE 'ST'
        END AS score_type,
        time,
        event ->> '$.scorer_id' AS anonymous_id,
        user_id AS scorer_id,
        list_transform(
            json_transform(
                event -> '$.parts',
                '[{"criterion": {"name": "VARCHAR", "points_possible": "DOUBLE"},
                "option": {"name": "VARCHAR", "points": "DOUBLE"}, "feedback": "VARCHAR"}]'
            ),
            lambda part: {
                'criterion': part.criterion.name,
                'option': part.option.name,
                'points': part.option.points,
                'max_points': part.criterion.points_possible,
                'feedback': nullif(part.feedback, '')
            }
        ) AS parts,
        event ->> '$.feedback' AS feedback
    FROM events
    WHERE event_source = 'server' AND event_type IN (
        'openassessmentblock.peer_assess',
        'openassessmentblock.self_assess',
        'openassessmentblock.staff_assess'
    )
),
joined AS (
    SELECT * FROM stored
    UNION ALL BY NAME
    SELECT
        response_id,
        score_type,
        time,
        anonymous_id,
        scorer_id,
        list_sum(list_transform(parts, lambda part: part.points)) AS points,
        list_sum(list_transform(parts, lambda part: part.max_points)) AS max_points,
        feedback,
        to_json(parts) AS parts,
        'event' AS told_by
    FROM told
    WHERE NOT EXISTS (
        SELECT 1
        FROM stored
        WHERE stored.response_id = told.response_id
            AND stored.score_type = told.score_type
            AND stored.anonymous_id IS NOT DISTINCT FROM told.anonymous_id
            AND abs(epoch_ms(stored.time) - epoch_ms(told.time)) <= 5000
    )
)
SELECT
    response_id,
    CASE score_type WHEN 'PE' THEN 'peer' WHEN 'SE' THEN 'self' WHEN 'ST' THEN 'staff' END AS kind,
    time,
    scorer_id,
    points,
    max_points,
    counts,
    nullif(feedback, '') AS feedback,
    parts,
    told_by
FROM joined
