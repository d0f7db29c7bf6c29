-- Who has which role in the course and in its forum: to tell learners from staff.
--
-- Grain: one row for each person with any role; whoever enrols gets the forum's role `Student`.
-- Source: `roles` of edx2bigquery and simeon. `roles` is by edx2bigquery's rule, for every role: one
-- without a column of its own (`data_researcher`, `Group Moderator`, ...) makes `Staff` as well. A
-- column is null where the course has no table that tells it.
-- Needs: student_courseaccessrole, django_comment_client_role_users
-- Indexes: user_id; roles
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | user_id | BIGINT | the person | identifier: user id |
-- | roles | VARCHAR | `Staff` with any role but the forum's `Student`, else `Student`, or null if access roles are not told | quasi-identifier |
-- | roles_isBetaTester | BOOLEAN | access role `beta_testers`: sees content before its release | quasi-identifier |
-- | roles_isInstructor | BOOLEAN | access role `instructor`: course admin | quasi-identifier |
-- | roles_isStaff | BOOLEAN | access role `staff` | quasi-identifier |
-- | roles_isCCX | BOOLEAN | access role `ccx_coach`: teaches a custom course | quasi-identifier |
-- | roles_isFinance | BOOLEAN | access role `finance_admin` | quasi-identifier |
-- | roles_isLibrary | BOOLEAN | access role `library_user` | quasi-identifier |
-- | roles_isSales | BOOLEAN | access role `sales_admin` | quasi-identifier |
-- | forumRoles_isAdmin | BOOLEAN | forum role `Administrator` | quasi-identifier |
-- | forumRoles_isCommunityTA | BOOLEAN | forum role `Community TA` | quasi-identifier |
-- | forumRoles_isModerator | BOOLEAN | forum role `Moderator` | quasi-identifier |
-- | forumRoles_isStudent | BOOLEAN | forum role `Student` | quasi-identifier |
-- | other_roles | VARCHAR | the other roles, in alphabetical order, separated by commas | quasi-identifier |
WITH held AS (
    SELECT
        user_id,
        role AS course_role,
        NULL AS forum_role,
        role IN (
            'beta_testers',
            'instructor',
            'staff',
            'ccx_coach',
            'finance_admin',
            'library_user',
            'sales_admin'
        ) AS has_column
    FROM student_courseaccessrole
    WHERE role <> ''
    UNION ALL
    SELECT
        user_id,
        NULL,
        name,
        name IN ('Administrator', 'Community TA', 'Moderator', 'Student')
    FROM django_comment_client_role_users
    WHERE name <> ''
),
people AS (
    SELECT
        user_id,
        list(course_role) FILTER (course_role IS NOT NULL) AS in_course,
        list(forum_role) FILTER (forum_role IS NOT NULL) AS in_forum,
        list(DISTINCT coalesce(course_role, forum_role)) FILTER (NOT has_column) AS others,
        bool_or(forum_role IS DISTINCT FROM 'Student') AS is_staff
    FROM held
    WHERE user_id IS NOT NULL
    GROUP BY user_id
),
known AS (
    SELECT
        * REPLACE (
            CASE WHEN there('student_courseaccessrole') THEN coalesce(in_course, []) END
                AS in_course,
            CASE WHEN there('django_comment_client_role_users') THEN coalesce(in_forum, []) END
                AS in_forum
        )
    FROM people
)
SELECT
    user_id,
    CASE WHEN is_staff THEN 'Staff' WHEN in_course IS NOT NULL THEN 'Student' END AS roles,
    list_contains(in_course, 'beta_testers') AS roles_isBetaTester,
    list_contains(in_course, 'instructor') AS roles_isInstructor,
    list_contains(in_course, 'staff') AS roles_isStaff,
    list_contains(in_course, 'ccx_coach') AS roles_isCCX,
    list_contains(in_course, 'finance_admin') AS roles_isFinance,
    list_contains(in_course, 'library_user') AS roles_isLibrary,
    list_contains(in_course, 'sales_admin') AS roles_isSales,
    list_contains(in_forum, 'Administrator') AS forumRoles_isAdmin,
    list_contains(in_forum, 'Community TA') AS forumRoles_isCommunityTA,
    list_contains(in_forum, 'Moderator') AS forumRoles_isModerator,
    list_contains(in_forum, 'Student') AS forumRoles_isStudent,
    array_to_string(list_sort(others), ', ') AS other_roles
FROM known
