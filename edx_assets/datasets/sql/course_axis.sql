-- The blocks of a course in the order in which learners see them, with what they inherit.
--
-- Grain: one row for each block that the course reaches; a block with two parents is under the first.
-- Source: `course_axis` of edx2bigquery and simeon. A block inherits what the nearest block upwards
-- sets, even if that sets it to null; one is for staff only if it or any block above it is, as edX's
-- LMS has it. `response_type`, `nitems`, `has_solution`, `duration` and the groups of split tests are
-- told by the course export alone: they are null without it, or where it has no file of the block.
-- Needs: course_structure, course_export
-- Indexes: index; module_id; category
--
-- | column | type | meaning | personal |
-- |---|---|---|---|
-- | index | BIGINT | the place in the course, from 1: each block comes before those in it | none |
-- | module_id | VARCHAR | usage key of the block | none |
-- | category | VARCHAR | `course`, `chapter`, `sequential`, `vertical`, `problem`, `video`, ... | none |
-- | name | VARCHAR | the display name, or the url_name where it has none | none |
-- | url_name | VARCHAR | the last part of the usage key | none |
-- | path | VARCHAR | the url_names of its chapter, sequential and vertical, and its own, each after a `/` | none |
-- | chapter_id | VARCHAR | usage key of the chapter that it is in | none |
-- | sequential_id | VARCHAR | usage key of the sequential that it is in | none |
-- | vertical_id | VARCHAR | usage key of the vertical that it is in | none |
-- | parent_id | VARCHAR | usage key of the block that it is in | none |
-- | depth | BIGINT | how many blocks it is in; 0 for the course | none |
-- | start | TIMESTAMP | when it is released (UTC), inherited | none |
-- | due | TIMESTAMP | when it is due (UTC), inherited | none |
-- | format | VARCHAR | the assignment type (`Homework`, ...), inherited | none |
-- | graded | BOOLEAN | whether it counts for the grade, inherited | none |
-- | visible_to_staff_only | BOOLEAN | whether learners cannot see it | none |
-- | weight | DOUBLE | points of a problem, if they are set; otherwise a problem has one for each input | none |
-- | response_type | VARCHAR | `multiplechoiceresponse`, `numericalresponse`, ...; `mixed` where a problem has several | none |
-- | nitems | BIGINT | inputs of a problem | none |
-- | has_solution | BOOLEAN | whether a problem has a solution | none |
-- | youtube_id | VARCHAR | id of a video on YouTube, at its usual speed | none |
-- | duration | DOUBLE | length of a video in seconds | none |
-- | is_split | BOOLEAN | whether it is in a split test (an A/B test) | none |
-- | split_id | VARCHAR | usage key of the split test that it is in | none |
-- | user_partition_id | BIGINT | the group configuration of the split test that it is, or is in | none |
-- | split_group_id | BIGINT | the group of learners that sees it | none |
-- | split_group | VARCHAR | that group's name | none |
-- Each block is parsed twice, not once for each field: that would take a GB for a large course.
-- `set_here` tells JSON's null from what is not set.
WITH RECURSIVE parsed AS (
    SELECT
        row_number() OVER (ORDER BY _id) AS number,
        _id AS module_id,
        from_json(
            document,
            '{
                "category": "VARCHAR", "name": "VARCHAR", "parent": "VARCHAR",
                "children": ["VARCHAR"],
                "parent_data": {
                    "chapter_id": "VARCHAR", "sequential_id": "VARCHAR", "vertical_id": "VARCHAR"
                },
                "metadata": {
                    "display_name": "VARCHAR", "visible_to_staff_only": "VARCHAR",
                    "weight": "VARCHAR", "youtube": "VARCHAR", "youtube_id_1_0": "VARCHAR",
                    "user_partitions": "JSON"
                }
            }'
        ) AS told,
        document -> [
            '$.metadata.start', '$.metadata.due', '$.metadata.format', '$.metadata.graded'
        ] AS set_here
    FROM course_structure
),
blocks AS (
    SELECT
        number,
        module_id,
        told.category,
        told.name AS url_name,
        told.parent AS parent_id,
        told.children,
        set_here,
        unnest(told.parent_data),
        unnest(told.metadata)
    FROM parsed
),
listed AS (
    SELECT number, child_id, min(place) AS place
    FROM (
        SELECT
            number,
            unnest(children) AS child_id,
            generate_subscripts(children, 1) AS place
        FROM blocks
    )
    GROUP BY number, child_id
),
-- a course's root is below 0
placed AS (
    SELECT
        number,
        above,
        lead(number) OVER siblings AS next_sibling,
        row_number() OVER siblings = 1 AS is_first,
        is_branch
    FROM (
        SELECT
            child.number,
            parent.number AS above,
            listed.place,
            parent.category = 'split_test' AS is_branch
        FROM blocks AS child
        JOIN blocks AS parent ON parent.module_id = child.parent_id
        JOIN listed ON listed.number = parent.number AND listed.child_id = child.module_id
        UNION ALL
        SELECT number, 0, 0, FALSE FROM blocks WHERE category = 'course' AND parent_id IS NULL
    )
    WINDOW siblings AS (PARTITION BY above ORDER BY place, number)
),
-- A walk through the course enters and leaves each block: the steps 2n and 2n + 1. Each step knows the
-- next one, and takes over in each round what that one knows: so it sees twice as far. However deep
-- the blocks are in each other, a few rounds show every step the rest of the way.
steps AS (
    SELECT
        2 * block.number AS step,
        coalesce(2 * first_child.number, 2 * block.number + 1) AS onward,
        1 AS entered,
        1 AS levels
    FROM placed AS block
    LEFT JOIN placed AS first_child ON first_child.above = block.number AND first_child.is_first
    UNION ALL
    SELECT 2 * number + 1, coalesce(2 * next_sibling, 2 * above + 1), 0, -1 FROM placed
),
rounds AS (
    SELECT ceil(log2(count(*) + 2))::BIGINT AS needed FROM steps
),
walk AS (
    SELECT 0 AS round, * FROM steps
    UNION ALL
    SELECT
        here.round + 1,
        here.step,
        there.onward,
        here.entered + coalesce(there.entered, 0),
        here.levels + coalesce(there.levels, 0)
    FROM walk AS here
    LEFT JOIN walk AS there ON there.step = here.onward
    WHERE here.round < (SELECT needed FROM rounds)
),
-- the rest of the way holds the blocks that come later, and leaves those that the block is in
ordered AS (
    SELECT
        step // 2 AS number,
        row_number() OVER (ORDER BY entered DESC) AS "index",
        -levels AS depth
    FROM walk
    WHERE round = (SELECT needed FROM rounds) AND onward IS NULL AND step % 2 = 0
),
-- what a block sets, or else the nearest one upwards: in the same way. JSON's null is a setting.
inherited AS (
    SELECT
        0 AS round,
        number,
        above,
        set_here[1] AS start,
        set_here[2] AS due,
        set_here[3] AS format,
        set_here[4] AS graded,
        coalesce(try_cast(visible_to_staff_only AS BOOLEAN), FALSE) AS is_hidden,
        CASE WHEN is_branch THEN number END AS branch
    FROM placed
    JOIN blocks USING (number)
    UNION ALL
    SELECT
        here.round + 1,
        here.number,
        there.above,
        coalesce(here.start, there.start),
        coalesce(here.due, there.due),
        coalesce(here.format, there.format),
        coalesce(here.graded, there.graded),
        here.is_hidden OR coalesce(there.is_hidden, FALSE),
        coalesce(here.branch, there.branch)
    FROM inherited AS here
    LEFT JOIN inherited AS there ON there.number = here.above
    WHERE here.round < (SELECT needed FROM rounds)
),
told AS (
    SELECT block.category, block.name, min(block) AS block
    FROM (
        SELECT
            unnest(
                from_json(
                    document -> '$.blocks',
                    '[{
                        "category": "VARCHAR", "name": "VARCHAR",
                        "response_types": ["VARCHAR"], "items": "BIGINT", "has_solution": "BOOLEAN",
                        "duration": "DOUBLE", "youtube": "VARCHAR",
                        "user_partition_id": "BIGINT",
                        "groups": [{"group_id": "BIGINT", "category": "VARCHAR", "name": "VARCHAR"}]
                    }]'
                )
            ) AS block
        FROM course_export
    )
    GROUP BY block.category, block.name
),
branches AS (
    SELECT name AS split_name, child.category, child.name, min(child.group_id) AS group_id
    FROM (SELECT name, unnest(block.groups) AS child FROM told)
    GROUP BY ALL
),
partitions AS (
    SELECT
        unnest(
            from_json(
                user_partitions,
                '[{"id": "BIGINT", "groups": [{"id": "BIGINT", "name": "VARCHAR"}]}]'
            )
        ) AS part
    FROM blocks
    WHERE category = 'course'
),
group_names AS (
    SELECT partition_id, seen_by.id AS group_id, min(seen_by.name) AS name
    FROM (SELECT part.id AS partition_id, unnest(part.groups) AS seen_by FROM partitions)
    GROUP BY ALL
)
SELECT
    ordered.index,
    block.module_id,
    block.category,
    coalesce(nullif(block.display_name, ''), block.url_name) AS name,
    block.url_name,
    '/' || concat_ws(
        '/',
        chapter.url_name,
        sequential.url_name,
        vertical.url_name,
        CASE WHEN ordered.depth > 0 THEN block.url_name END
    ) AS path,
    chapter.module_id AS chapter_id,
    sequential.module_id AS sequential_id,
    vertical.module_id AS vertical_id,
    block.parent_id,
    ordered.depth::BIGINT AS depth,
    CASE
        WHEN try_cast(inherited.start ->> '$' AS TIMESTAMPTZ) < TIMESTAMPTZ '9999-01-01'
            THEN try_cast(inherited.start ->> '$' AS TIMESTAMPTZ)::TIMESTAMP
    END AS start,
    CASE
        WHEN try_cast(inherited.due ->> '$' AS TIMESTAMPTZ) < TIMESTAMPTZ '9999-01-01'
            THEN try_cast(inherited.due ->> '$' AS TIMESTAMPTZ)::TIMESTAMP
    END AS due,
    inherited.format ->> '$' AS format,
    coalesce(try_cast(inherited.graded ->> '$' AS BOOLEAN), FALSE) AS graded,
    inherited.is_hidden AS visible_to_staff_only,
    try_cast(block.weight AS DOUBLE) AS weight,
    CASE
        WHEN len(told.block.response_types) > 1 THEN 'mixed'
        ELSE told.block.response_types[1]
    END AS response_type,
    told.block.items AS nitems,
    told.block.has_solution,
    coalesce(
        nullif(block.youtube_id_1_0, ''),
        nullif(
            regexp_extract(
                coalesce(block.youtube, told.block.youtube),
                '(?:^|,)\s*1\.0*:\s*([^,\s]+)',
                1
            ),
            ''
        )
    ) AS youtube_id,
    CASE WHEN told.block.duration > 0 THEN told.block.duration END AS duration,
    inherited.branch IS NOT NULL AS is_split,
    branch.parent_id AS split_id,
    coalesce(told.block.user_partition_id, told_split.block.user_partition_id) AS user_partition_id,
    branches.group_id AS split_group_id,
    group_names.name AS split_group
FROM ordered
JOIN blocks AS block USING (number)
JOIN inherited
    ON inherited.number = ordered.number AND inherited.round = (SELECT needed FROM rounds)
LEFT JOIN blocks AS chapter ON chapter.module_id = block.chapter_id
LEFT JOIN blocks AS sequential ON sequential.module_id = block.sequential_id
LEFT JOIN blocks AS vertical ON vertical.module_id = block.vertical_id
LEFT JOIN told ON told.category = block.category AND told.name = block.url_name
LEFT JOIN blocks AS branch ON branch.number = inherited.branch
LEFT JOIN blocks AS split ON split.module_id = branch.parent_id
LEFT JOIN told AS told_split
    ON told_split.category = 'split_test' AND told_split.name = split.url_name
LEFT JOIN branches
    ON branches.split_name = split.url_name
    AND branches.category = branch.category
    AND branches.name = branch.url_name
LEFT JOIN group_names
    ON group_names.partition_id = told_split.block.user_partition_id
    AND group_names.group_id = branches.group_id
