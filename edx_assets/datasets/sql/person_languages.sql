-- In which languages each learner read the transcripts of videos, and in which one the most.
--
-- Grain: one row for each learner and language.
-- Source: `language_multi_transcripts` and `course_modal_language` of edx2bigquery and simeon: a
-- transcript is shown (`.../transcript/translation/<language>`) or downloaded (a click on
-- `.../handler/transcript/download`). A download counts for the language that the learner was shown
-- last; theirs takes English for the second of two downloads in a row.
-- Needs: events
-- Indexes: user_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | language | VARCHAR | the language as the address spells it, such as `en` or `zh_HANS`; `en` for a download before any transcript was shown | quasi-identifier |
-- | nevents | BIGINT | transcripts shown or downloaded | none |
-- | downloads | BIGINT | transcripts downloaded | none |
-- | last_time | TIMESTAMP | when it was last used (UTC) | none |
-- | modal | BOOLEAN | whether it is the learner's language: most events, then latest use, then by name | none |
WITH told AS (
    SELECT
        user_id,
        time,
        event_source,
        event_id,
        nullif(regexp_extract(event_type, '/transcript/translation/([^/?#]+)', 1), '') AS language,
        event_type = 'edx.ui.lms.link_clicked' AS downloaded
    FROM events
    WHERE user_id IS NOT NULL
        AND (
            contains(event_type, '/transcript/translation/')
            OR (
                event_type = 'edx.ui.lms.link_clicked'
                AND contains(event ->> '$.target_url', 'handler/transcript/download')
            )
        )
),
named AS (
    SELECT
        *,
        coalesce(
            last_value(language IGNORE NULLS) OVER (
                PARTITION BY user_id ORDER BY time, event_source, event_id
            ),
            'en'
        ) AS in_language
    FROM told
    WHERE downloaded OR language IS NOT NULL
),
sums AS (
    SELECT
        user_id,
        in_language AS language,
        count(*) AS nevents,
        count(*) FILTER (downloaded) AS downloads,
        max(time) AS last_time
    FROM named
    GROUP BY user_id, in_language
)
SELECT
    *,
    row_number() OVER (PARTITION BY user_id ORDER BY nevents DESC, last_time DESC, language) = 1
        AS modal
FROM sums
