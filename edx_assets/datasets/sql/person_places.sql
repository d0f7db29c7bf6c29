-- Where each learner mostly was: the address with the most events, and its country and city.
--
-- Grain: one row for each learner with an event that tells an address.
-- Source: `course_modal_ip` of edx2bigquery and simeon, with what MaxMind's database of EDX_GEOIP_DB says
-- of the address; without it there is the address alone. Of addresses with as many events it is the
-- one used last, then the last in their order as text; theirs is any. Events of apps tell none.
-- Needs: events, places
-- Indexes: user_id; cc_by_ip
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the learner | identifier: user id |
-- | ip | VARCHAR | the address with the most events | identifier: address |
-- | nevents | BIGINT | events from it | none |
-- | nips | BIGINT | addresses that the learner came from | none |
-- | cc_by_ip | VARCHAR | its country, two letters (ISO 3166) | quasi-identifier |
-- | countryLabel | VARCHAR | the country's name | quasi-identifier |
-- | continent | VARCHAR | the continent's name | quasi-identifier |
-- | region | VARCHAR | code of the smallest subdivision that is known (ISO 3166-2, without the country) | quasi-identifier |
-- | subdivision | VARCHAR | that subdivision's name | quasi-identifier |
-- | city | VARCHAR | the city's name | quasi-identifier |
-- | postalCode | VARCHAR | the postal code | quasi-identifier |
-- | latitude | DOUBLE | latitude in degrees | quasi-identifier |
-- | longitude | DOUBLE | longitude in degrees | quasi-identifier |
WITH counted AS (
    SELECT user_id, ip, count(*) AS nevents, max(time) AS last_time
    FROM events
    WHERE user_id IS NOT NULL AND ip <> ''
    GROUP BY user_id, ip
),
modal AS (
    SELECT
        user_id,
        arg_max(ip, (nevents, last_time, ip)) AS ip,
        max(nevents) AS nevents,
        count(*) AS nips
    FROM counted
    GROUP BY user_id
)
SELECT
    modal.user_id,
    modal.ip,
    modal.nevents,
    modal.nips,
    places.cc_by_ip,
    places.countryLabel,
    places.continent,
    places.region,
    places.subdivision,
    places.city,
    places.postalCode,
    places.latitude,
    places.longitude
FROM modal
LEFT JOIN places USING (ip)
