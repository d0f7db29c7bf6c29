-- With what kind of device each learner came: a phone or tablet, or a computer.
--
-- Grain: one row for each learner with an event.
-- Source: `pc_day_agent_counts` and `course_modal_agent` of simeon, by the words that its browser says of
-- itself (the agent). Here any event of the learner counts for `ever_mobile` and `ever_desktop`, an
-- Android is no Linux computer, and what the apps send is mobile whatever its agent. Tablets that
-- call themselves a Macintosh are taken for one.
-- Needs: events
-- Indexes: user_id
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | mobile_events | BIGINT | events from phones, tablets and the apps | none |
-- | desktop_events | BIGINT | events from computers | none |
-- | unknown_events | BIGINT | events that do not tell, such as those of the server itself | none |
-- | ever_mobile | BOOLEAN | whether any event is from a phone or tablet | none |
-- | ever_desktop | BOOLEAN | whether any event is from a computer | none |
-- | modal_agent | VARCHAR | `Mobile` or `Desktop`, whichever has more events (`Desktop` if both have as many); null if no event tells | none |
WITH agents AS (
    SELECT
        user_id,
        CASE
            WHEN event_source = 'mobile'
                OR regexp_matches(agent, 'iphone|ipad|android|edx\.mobile|darwin', 'i')
                THEN 'mobile'
            WHEN regexp_matches(agent, 'windows|macintosh|linux|bsd|cros', 'i') THEN 'desktop'
        END AS device
    FROM events
    WHERE user_id IS NOT NULL
),
sums AS (
    SELECT
        user_id,
        count(*) FILTER (device = 'mobile') AS mobile_events,
        count(*) FILTER (device = 'desktop') AS desktop_events,
        count(*) FILTER (device IS NULL) AS unknown_events
    FROM agents
    GROUP BY user_id
)
SELECT
    *,
    mobile_events > 0 AS ever_mobile,
    desktop_events > 0 AS ever_desktop,
    CASE
        WHEN mobile_events > desktop_events THEN 'Mobile'
        WHEN desktop_events > 0 THEN 'Desktop'
    END AS modal_agent
FROM sums
