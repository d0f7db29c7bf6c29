-- The events of a made-up course over a hundred days, from hashes of numbers: always the same.
-- The variables `events` and `learners` say how large it is.
WITH numbers AS (
    SELECT
        n,
        hash(n) % 1000 AS luck,
        CAST(power((hash(n, 1) % 1_000_000) / 1e6, 2) * getvariable('learners') AS BIGINT) + 1 AS user_id,
        hash(n, 2) % 400 AS block,
        hash(n, 3) % 600 AS place
    FROM range(getvariable('events')) AS numbers (n)
),
kinds AS (
    SELECT
        *,
        CASE
            WHEN luck < 150 THEN 'play_video'
            WHEN luck < 270 THEN 'pause_video'
            WHEN luck < 310 THEN 'seek_video'
            WHEN luck < 330 THEN 'stop_video'
            WHEN luck < 430 THEN 'problem_check'
            WHEN luck < 450 THEN 'show_answer'
            WHEN luck < 500 THEN 'seq_goto'
            WHEN luck < 510 THEN 'edx.course.enrollment.activated'
            WHEN luck < 513 THEN 'edx.course.enrollment.deactivated'
            WHEN luck < 540 THEN '/courses/course-v1:T+T1+1/discussion/forum/general/inline'
            WHEN luck < 560 THEN '/courses/course-v1:T+T1+1/progress'
            ELSE '/courses/course-v1:T+T1+1/courseware/c' || block % 12 || '/s' || block % 60 || '/'
        END AS event_type
    FROM numbers
)
SELECT
    printf('%024x', n) AS event_id,
    TIMESTAMP '2014-02-03'
        + to_milliseconds(CAST(n * 100 * 86_400_000 / getvariable('events') AS BIGINT)) AS time,
    CASE WHEN luck % 50 > 0 THEN user_id END AS user_id,
    'learner' || user_id AS username,
    event_type,
    CASE WHEN luck < 330 OR luck % 2 = 0 THEN 'browser' ELSE 'server' END AS event_source,
    CASE WHEN luck < 450 THEN
        'block-v1:T+T1+1+type@' || CASE WHEN luck < 330 THEN 'video' ELSE 'problem' END
        || '+block@' || block
    END AS module_id,
    NULL::VARCHAR AS thread_id,
    NULL::VARCHAR AS comment_id,
    'block-v1:T+T1+1+type@chapter+block@' || block % 12 AS chapter_id,
    'block-v1:T+T1+1+type@sequential+block@' || block % 60 AS sequential_id,
    'block-v1:T+T1+1+type@vertical+block@' || block % 200 AS vertical_id,
    printf('%032x', user_id * 1000 + n * 100 // getvariable('events')) AS session,
    '10.' || user_id % 250 || '.' || user_id % 7 || '.1' AS ip,
    'Mozilla/5.0 (Windows NT 6.1) Firefox/' || user_id % 40 AS agent,
    'https://courses.edx.org/courses/course-v1:T+T1+1/courseware/' AS page,
    '/event' AS path,
    CASE
        WHEN luck BETWEEN 270 AND 309 THEN
            json_object('old_time', place, 'new_time', place + 30, 'code', 'x')
        WHEN luck < 330 THEN json_object('currentTime', place, 'duration', 600, 'code', 'x')
        WHEN luck < 430 THEN json_object(
            'problem_id', block, 'attempts', place % 3 + 1, 'grade', place % 2, 'max_grade', 1,
            'success', CASE WHEN place % 2 = 1 THEN 'correct' ELSE 'incorrect' END,
            'submission', json_object(
                block || '_2_1',
                json_object('answer', 'choice_' || place % 4, 'correct', place % 2 = 1,
                    'response_type', 'multiplechoiceresponse', 'question', 'Which?', 'variant', '')
            )
        )
        WHEN luck BETWEEN 500 AND 512 THEN
            json_object('user_id', user_id, 'mode', 'honor', 'course_id', 'course-v1:T+T1+1')
        ELSE json('{}')
    END::VARCHAR AS event
FROM kinds
