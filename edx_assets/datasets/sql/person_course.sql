-- Everything that is known of each learner of the course, in one row: the table of most studies.
--
-- Grain: one row for each learner in `learners`: the staff, and who has left, are among them.
-- Source: `person_course` of edx2bigquery and simeon, with the names of their columns (but not
-- `y1_anomalous`, which marks rows of 2013 that were put in by hand). `completed` and `nforum_events`
-- are by edx2bigquery's rule; `nchapters`, `explored` and `grade` by simeon's, with the certificate's
-- grade where a course has no persistent one. Other than in both: a number is 0 for a learner without
-- events, posts or the like, and null where the course lacks what it is counted from; days are those
-- with events; `nvideos_total_watched` is of the videos that learners can see, and is told of the staff
-- as well; times of the certificate are times, not texts. There is no source of the UN's groups of
-- countries: they are null. The last four columns are simeon's, and the id for a release.
-- Needs: learners, courseware_studentmodule, course_axis, grades_persistentcoursegrade, grading_policy, person_day, person_places, person_languages, person_devices, person_forum, person_enrolment, roles, video_day, video_axis
-- Indexes: user_id; username
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | course_id | VARCHAR | the canonical course key | quasi-identifier |
-- | user_id | BIGINT | the learner | identifier: user id |
-- | username | VARCHAR | the learner's username | identifier: username |
-- | registered | BOOLEAN | always true | none |
-- | viewed | BOOLEAN | whether the learner has been in any chapter | none |
-- | explored | BOOLEAN | whether the learner has been in at least half as many chapters as learners can see | none |
-- | certified | BOOLEAN | whether the certificate is `downloadable` | sensitive |
-- | completed | BOOLEAN | whether the grade is the passing grade or better, or the learner is certified | sensitive |
-- | ip | VARCHAR | the address with the most events | identifier: address |
-- | cc_by_ip | VARCHAR | its country, two letters (ISO 3166); this and the following: null without `EDX_GEOIP_DB` | quasi-identifier |
-- | countryLabel | VARCHAR | the country's name | quasi-identifier |
-- | continent | VARCHAR | the continent's name | quasi-identifier |
-- | city | VARCHAR | the city's name | quasi-identifier |
-- | region | VARCHAR | code of the smallest subdivision that is known | quasi-identifier |
-- | subdivision | VARCHAR | that subdivision's name | quasi-identifier |
-- | postalCode | VARCHAR | the postal code | quasi-identifier |
-- | un_major_region | VARCHAR | null | quasi-identifier |
-- | un_economic_group | VARCHAR | null | quasi-identifier |
-- | un_developing_nation | VARCHAR | null | quasi-identifier |
-- | un_special_region | VARCHAR | null | quasi-identifier |
-- | latitude | DOUBLE | latitude in degrees | quasi-identifier |
-- | longitude | DOUBLE | longitude in degrees | quasi-identifier |
-- | LoE | VARCHAR | level of education, as in `auth_userprofile` | quasi-identifier |
-- | YoB | BIGINT | year of birth | quasi-identifier |
-- | gender | VARCHAR | `f`, `m` or `o` | quasi-identifier |
-- | grade | DOUBLE | the grade, 0 to 1: the persistent one, else that of the certificate | sensitive |
-- | passing_grade | DOUBLE | the grade to pass, the same in each row; null without a course export | none |
-- | start_time | TIMESTAMP | when the learner first enrolled (UTC) | quasi-identifier |
-- | first_event | TIMESTAMP | the first event (UTC) | quasi-identifier |
-- | last_event | TIMESTAMP | the last event (UTC) | quasi-identifier |
-- | nevents | BIGINT | events | none |
-- | ndays_act | BIGINT | days with events | none |
-- | nplay_video | BIGINT | videos played (`play_video`) | none |
-- | nchapters | BIGINT | chapters in which the learner has a row of `courseware_studentmodule` | none |
-- | nforum_posts | BIGINT | posts in the forum | quasi-identifier |
-- | nforum_votes | BIGINT | votes for them | none |
-- | nforum_endorsed | BIGINT | how many of them are endorsed | none |
-- | nforum_threads | BIGINT | threads begun | none |
-- | nforum_comments | BIGINT | responses and comments | none |
-- | nforum_pinned | BIGINT | how many of the posts are pinned | none |
-- | roles | VARCHAR | `Staff`, `Student`, or null, as in `roles` | quasi-identifier |
-- | nprogcheck | BIGINT | visits to the progress page | none |
-- | nproblem_check | BIGINT | problem_check of browser and server: a usual submission counts 2 | none |
-- | nforum_events | BIGINT | visits to the forum | none |
-- | mode | VARCHAR | the mode of enrolment: honor, audit, verified, ... | quasi-identifier |
-- | is_active | BIGINT | 1 while enrolled, 0 once the learner has left | none |
-- | cert_created_date | TIMESTAMP | when the certificate's row was created (UTC) | quasi-identifier |
-- | cert_modified_date | TIMESTAMP | when it last changed (UTC) | none |
-- | cert_status | VARCHAR | the certificate's status | sensitive |
-- | verified_enroll_time | TIMESTAMP | the first enrolment as verified, or change to it (UTC) | none |
-- | verified_unenroll_time | TIMESTAMP | when the learner last left while verified (UTC) | none |
-- | profile_country | VARCHAR | the country in the profile, two letters (ISO 3166) | quasi-identifier |
-- | email_domain | VARCHAR | what follows the `@` of the e-mail address | quasi-identifier |
-- | language | VARCHAR | the language of transcripts used most | quasi-identifier |
-- | language_download | BIGINT | transcripts downloaded in it | none |
-- | language_nevents | BIGINT | transcripts shown or downloaded in it | none |
-- | language_ndiff | BIGINT | languages of transcripts used | none |
-- | ntranscript | BIGINT | transcripts shown (`show_transcript`) | none |
-- | nshow_answer | BIGINT | answers asked for | none |
-- | nvideo | BIGINT | the same as `nplay_video` | none |
-- | nvideos_unique_viewed | BIGINT | videos played, paused or stopped | none |
-- | nvideos_total_watched | DOUBLE | the share of the course's videos among them, 0 to 1 | none |
-- | nseq_goto | BIGINT | jumps within a sequential | none |
-- | nseek_video | BIGINT | jumps within a video | none |
-- | npause_video | BIGINT | videos paused | none |
-- | avg_dt | DOUBLE | mean of the days' `person_day.avg_dt`, in seconds | none |
-- | sdv_dt | DOUBLE | their standard deviations, squared and weighted by `n_dt`, in seconds | none |
-- | max_dt | DOUBLE | the longest time between events that was kept, in seconds | none |
-- | n_dt | BIGINT | times between events that were kept | none |
-- | sum_dt | DOUBLE | their sum in seconds: time on the course | none |
-- | roles_isBetaTester | BOOLEAN | access role `beta_testers` | quasi-identifier |
-- | roles_isInstructor | BOOLEAN | access role `instructor` | quasi-identifier |
-- | roles_isStaff | BOOLEAN | access role `staff` | quasi-identifier |
-- | roles_isCCX | BOOLEAN | access role `ccx_coach` | quasi-identifier |
-- | roles_isFinance | BOOLEAN | access role `finance_admin` | quasi-identifier |
-- | roles_isLibrary | BOOLEAN | access role `library_user` | quasi-identifier |
-- | roles_isSales | BOOLEAN | access role `sales_admin` | quasi-identifier |
-- | forumRoles_isAdmin | BOOLEAN | forum role `Administrator` | quasi-identifier |
-- | forumRoles_isCommunityTA | BOOLEAN | forum role `Community TA` | quasi-identifier |
-- | forumRoles_isModerator | BOOLEAN | forum role `Moderator` | quasi-identifier |
-- | forumRoles_isStudent | BOOLEAN | forum role `Student` | quasi-identifier |
-- | modal_agent | VARCHAR | `Mobile` or `Desktop`, as in `person_devices` | none |
-- | ever_mobile | BOOLEAN | whether any event is from a phone or tablet | none |
-- | ever_desktop | BOOLEAN | whether any event is from a computer | none |
-- | hash_id | VARCHAR | the learner's anonymous id, in place of `user_id`, `username`, `ip` and `email_domain` in what is released | identifier: anonymous id |
WITH has AS (
    SELECT
        there('forum') AS forum,
        there('courseware_studentmodule') AND there('course_structure') AS chapters,
        there('course_structure') AS videos,
        there('grades_persistentcoursegrade') AS grades,
        there('student_courseaccessrole') AS course_roles,
        there('django_comment_client_role_users') AS forum_roles
),
people AS (
    SELECT
        try_cast(_id AS BIGINT) AS user_id,
        document ->> '$.username' AS username,
        document ->> '$.hash_id' AS hash_id,
        document -> '$.user' AS account,
        document -> '$.profile' AS profile,
        document -> '$.enrolment' AS enrolment,
        document -> '$.certificate' AS certificate
    FROM learners
),
course AS (
    SELECT
        CASE
            WHEN contains(min(spelled), '/') THEN 'course-v1:' || replace(min(spelled), '/', '+')
            ELSE min(spelled)
        END AS course_id,
        (SELECT max(overall_cutoff) FROM grading_policy) AS passing_grade,
        (
            SELECT count(*) FROM course_axis
            WHERE category = 'chapter' AND NOT visible_to_staff_only
        ) AS chapters,
        (SELECT count(*) FROM video_axis WHERE NOT visible_to_staff_only) AS videos
    FROM (SELECT trim(enrolment ->> '$.course_id') AS spelled FROM people)
),
been AS (
    SELECT
        student_id AS user_id,
        count(DISTINCT CASE WHEN category = 'chapter' THEN module_id ELSE chapter_id END) AS chapters
    FROM courseware_studentmodule
    JOIN course_axis USING (module_id)
    GROUP BY student_id
),
graded AS (
    SELECT user_id, arg_max(percent_grade, (modified, percent_grade)) AS grade
    FROM grades_persistentcoursegrade
    GROUP BY user_id
),
active AS (
    SELECT
        user_id,
        min(first_event) AS first_event,
        max(last_event) AS last_event,
        sum(nevents)::BIGINT AS nevents,
        count(*) AS ndays_act,
        sum(nvideo)::BIGINT AS nvideo,
        sum(nprogcheck)::BIGINT AS nprogcheck,
        sum(nproblem_check)::BIGINT AS nproblem_check,
        sum(nforum)::BIGINT AS nforum,
        sum(ntranscript)::BIGINT AS ntranscript,
        sum(nshow_answer)::BIGINT AS nshow_answer,
        sum(nseq_goto)::BIGINT AS nseq_goto,
        sum(nseek_video)::BIGINT AS nseek_video,
        sum(npause_video)::BIGINT AS npause_video,
        round(avg(avg_dt), 6) AS avg_dt,
        round(sqrt(sum(sdv_dt * sdv_dt * n_dt) / nullif(sum(n_dt), 0)), 6) AS sdv_dt,
        max(max_dt) AS max_dt,
        sum(n_dt)::BIGINT AS n_dt,
        round(sum(sum_dt), 3) AS sum_dt
    FROM person_day
    GROUP BY user_id
),
spoken AS (
    SELECT
        user_id,
        max(language) FILTER (modal) AS language,
        max(downloads) FILTER (modal) AS downloads,
        max(nevents) FILTER (modal) AS nevents,
        count(*) AS ndiff
    FROM person_languages
    GROUP BY user_id
),
seen AS (
    SELECT
        user_id,
        count(DISTINCT module_id) AS videos,
        count(DISTINCT module_id) FILTER (NOT visible_to_staff_only) AS of_course
    FROM video_day
    LEFT JOIN video_axis USING (module_id)
    GROUP BY user_id
),
known AS (
    SELECT
        people.*,
        has,
        course,
        coalesce(certificate ->> '$.status' = 'downloadable', FALSE) AS certified,
        coalesce(graded.grade, try_cast(certificate ->> '$.grade' AS DOUBLE)) AS grade,
        CASE WHEN has.chapters THEN coalesce(been.chapters, 0) END AS nchapters
    FROM people
    CROSS JOIN course
    CROSS JOIN has
    LEFT JOIN graded USING (user_id)
    LEFT JOIN been USING (user_id)
)
SELECT
    course.course_id,
    user_id,
    username,
    TRUE AS registered,
    nchapters > 0 AS viewed,
    CASE WHEN has.chapters THEN coalesce(nchapters / nullif(course.chapters, 0) >= 0.5, FALSE) END
        AS explored,
    certified,
    coalesce(
        certified OR grade >= course.passing_grade,
        CASE WHEN has.grades AND course.passing_grade IS NOT NULL THEN FALSE END
    ) AS completed,
    place.ip,
    place.cc_by_ip,
    place.countryLabel,
    place.continent,
    place.city,
    place.region,
    place.subdivision,
    place.postalCode,
    NULL::VARCHAR AS un_major_region,
    NULL::VARCHAR AS un_economic_group,
    NULL::VARCHAR AS un_developing_nation,
    NULL::VARCHAR AS un_special_region,
    place.latitude,
    place.longitude,
    nullif(profile ->> '$.level_of_education', '') AS LoE,
    try_cast(profile ->> '$.year_of_birth' AS BIGINT) AS YoB,
    nullif(profile ->> '$.gender', '') AS gender,
    grade,
    course.passing_grade,
    try_cast(enrolment ->> '$.created' AS TIMESTAMP) AS start_time,
    active.first_event,
    active.last_event,
    coalesce(active.nevents, 0) AS nevents,
    coalesce(active.ndays_act, 0) AS ndays_act,
    coalesce(active.nvideo, 0) AS nplay_video,
    nchapters,
    CASE WHEN has.forum THEN coalesce(forum.nforum, 0) END AS nforum_posts,
    CASE WHEN has.forum THEN coalesce(forum.nvotes, 0) END AS nforum_votes,
    CASE WHEN has.forum THEN coalesce(forum.nendorsed, 0) END AS nforum_endorsed,
    CASE WHEN has.forum THEN coalesce(forum.nthread, 0) END AS nforum_threads,
    CASE WHEN has.forum THEN coalesce(forum.ncomment, 0) END AS nforum_comments,
    CASE WHEN has.forum THEN coalesce(forum.npinned, 0) END AS nforum_pinned,
    held.roles,
    coalesce(active.nprogcheck, 0) AS nprogcheck,
    coalesce(active.nproblem_check, 0) AS nproblem_check,
    coalesce(active.nforum, 0) AS nforum_events,
    trim(enrolment ->> '$.mode') AS mode,
    try_cast(enrolment ->> '$.is_active' AS BIGINT) AS is_active,
    try_cast(certificate ->> '$.created_date' AS TIMESTAMP) AS cert_created_date,
    try_cast(certificate ->> '$.modified_date' AS TIMESTAMP) AS cert_modified_date,
    certificate ->> '$.status' AS cert_status,
    enrolled.verified_enroll_time,
    enrolled.verified_unenroll_time,
    nullif(profile ->> '$.country', '') AS profile_country,
    nullif(regexp_extract(account ->> '$.email', '@([^@]*)$', 1), '') AS email_domain,
    spoken.language,
    coalesce(spoken.downloads, 0) AS language_download,
    coalesce(spoken.nevents, 0) AS language_nevents,
    coalesce(spoken.ndiff, 0) AS language_ndiff,
    coalesce(active.ntranscript, 0) AS ntranscript,
    coalesce(active.nshow_answer, 0) AS nshow_answer,
    coalesce(active.nvideo, 0) AS nvideo,
    coalesce(seen.videos, 0) AS nvideos_unique_viewed,
    CASE
        WHEN has.videos
            THEN round(coalesce(seen.of_course, 0) / nullif(course.videos, 0), 6)
    END AS nvideos_total_watched,
    coalesce(active.nseq_goto, 0) AS nseq_goto,
    coalesce(active.nseek_video, 0) AS nseek_video,
    coalesce(active.npause_video, 0) AS npause_video,
    active.avg_dt,
    active.sdv_dt,
    active.max_dt,
    coalesce(active.n_dt, 0) AS n_dt,
    coalesce(active.sum_dt, 0) AS sum_dt,
    CASE WHEN has.course_roles THEN coalesce(held.roles_isBetaTester, FALSE) END
        AS roles_isBetaTester,
    CASE WHEN has.course_roles THEN coalesce(held.roles_isInstructor, FALSE) END
        AS roles_isInstructor,
    CASE WHEN has.course_roles THEN coalesce(held.roles_isStaff, FALSE) END AS roles_isStaff,
    CASE WHEN has.course_roles THEN coalesce(held.roles_isCCX, FALSE) END AS roles_isCCX,
    CASE WHEN has.course_roles THEN coalesce(held.roles_isFinance, FALSE) END AS roles_isFinance,
    CASE WHEN has.course_roles THEN coalesce(held.roles_isLibrary, FALSE) END AS roles_isLibrary,
    CASE WHEN has.course_roles THEN coalesce(held.roles_isSales, FALSE) END AS roles_isSales,
    CASE WHEN has.forum_roles THEN coalesce(held.forumRoles_isAdmin, FALSE) END
        AS forumRoles_isAdmin,
    CASE WHEN has.forum_roles THEN coalesce(held.forumRoles_isCommunityTA, FALSE) END
        AS forumRoles_isCommunityTA,
    CASE WHEN has.forum_roles THEN coalesce(held.forumRoles_isModerator, FALSE) END
        AS forumRoles_isModerator,
    CASE WHEN has.forum_roles THEN coalesce(held.forumRoles_isStudent, FALSE) END
        AS forumRoles_isStudent,
    device.modal_agent,
    coalesce(device.ever_mobile, FALSE) AS ever_mobile,
    coalesce(device.ever_desktop, FALSE) AS ever_desktop,
    hash_id
FROM known
LEFT JOIN active USING (user_id)
LEFT JOIN person_places AS place USING (user_id)
LEFT JOIN spoken USING (user_id)
LEFT JOIN seen USING (user_id)
LEFT JOIN person_forum AS forum USING (user_id)
LEFT JOIN person_enrolment AS enrolled USING (user_id)
LEFT JOIN person_devices AS device USING (user_id)
LEFT JOIN roles AS held USING (user_id)
WHERE user_id IS NOT NULL
