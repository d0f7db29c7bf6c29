"""Names of delivered files: logs, packages, and the members of both layouts of a package."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edx_assets.edx.file_names import (
    EventsFile,
    Member,
    course_prefix,
    events_file,
    opt_in_site,
    package_day,
    package_member,
)
from edx_assets.edx.schema import tables

KNOWN = frozenset(tables())
DAY = date(2014, 5, 1)


@pytest.mark.parametrize(
    ("name", "org", "site"),
    [
        ("mcgillx-edx-events-2014-05-01.log.gz.gpg", "mcgillx", "edx"),
        ("mcgillx-prod-events-2014-05-01.log.gz.gpg", "mcgillx", "edx"),
        ("mcgillx-ex-events-2014-05-01.log.gz.gpg", "mcgillx", "edx"),
        ("mcgillx-edge-events-2014-05-01.log.gz.gpg", "mcgillx", "edge"),
        ("McGillX-edx-events-2014-05-01.log.gz.gpg", "McGillX", "edx"),
        ("my-org-edge-events-2014-05-01.log.gz.gpg", "my-org", "edge"),
    ],
)
def test_a_day_s_log_tells_organisation_site_and_day(name: str, org: str, site: str) -> None:
    assert events_file(name) == EventsFile(org, site, DAY)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "mcgillx-edx-events-2014-05-01.log.gz",
        "mcgillx-edx-events-2014-05-01.log.gpg",
        "mcgillx-edx-events-2014-05-01.log.gz.gpg.part",
        "mcgillx-edx-events-2014-02-30.log.gz.gpg",
        "mcgillx-edx-events-20140501.log.gz.gpg",
        "mcgillx-events-2014-05-01.log.gz.gpg",
        "-edx-events-2014-05-01.log.gz.gpg",
        "mcgillx-stage-events-2014-05-01.log.gz.gpg",
        "2014-05-01_McGillX.log.gpg",
        "mcgillx-2014-05-01.zip",
    ],
)
def test_what_is_no_day_s_log_is_none(name: str) -> None:
    assert events_file(name) is None


@pytest.mark.parametrize("org", ["mcgillx", "McGillX"])
@pytest.mark.parametrize("name", ["mcgillx-2014-05-01.zip", "McGillX-2014-05-01.zip"])
def test_a_package_tells_its_day_whatever_its_case(name: str, org: str) -> None:
    assert package_day(name, org) == DAY


@pytest.mark.parametrize(
    "name",
    [
        "email-opt-in-mcgillx-2014-05-01.zip",
        "other-mcgillx-2014-05-01.zip",
        "mitx-2014-05-01.zip",
        "mcgillx-2014-13-01.zip",
        "mcgillx-2014-05-01.zip.gpg",
        "2014-05-01-McGillX-tracking.tar",
        "",
    ],
)
def test_what_is_no_package_of_the_organisation_is_none(name: str) -> None:
    assert package_day(name, "mcgillx") is None


CHEM = "McGillX-CHEM181x-1T2014"


@pytest.mark.parametrize(
    ("name", "member"),
    [
        (f"{CHEM}-auth_user-prod-analytics.sql.gpg", Member(CHEM, "auth_user", "edx")),
        (f"{CHEM}-auth_user-prod-edge-analytics.sql.gpg", Member(CHEM, "auth_user", "edge")),
        (f"{CHEM}-auth_user-edge-analytics.sql.gpg", Member(CHEM, "auth_user", "edge")),
        (f"{CHEM}-auth_user-prod-edx-replica.sql.gpg", Member(CHEM, "auth_user", "edx")),
        (f"{CHEM}-auth_user-prod.sql.gpg", Member(CHEM, "auth_user", "edx")),
        (f"{CHEM}-auth_user-edge.sql.gpg", Member(CHEM, "auth_user", "edge")),
        (f"{CHEM}-auth_user-prod-edge.sql.gpg", Member(CHEM, "auth_user", "edge")),
        (f"{CHEM}-course_structure-prod.json.gpg", Member(CHEM, "course_structure", "edx")),
        (f"{CHEM}-course-edge.xml.tar.gz.gpg", Member(CHEM, "course_export", "edge")),
        (f"C:\\x\\{CHEM}-auth_user-prod.sql.gpg", Member(CHEM, "auth_user", "edx")),
        (f"{CHEM}-user_id_map-prod-analytics.sql", Member(CHEM, "user_id_map", "edx")),
        (f"{CHEM}-wiki_article-prod-analytics.sql.gpg", Member(CHEM, "wiki_article", "edx")),
        (f"{CHEM}-teams-prod-edge-analytics.sql.gpg", Member(CHEM, "teams", "edge")),
        (f"{CHEM}-prod.mongo.gpg", Member(CHEM, "forum", "edx")),
        (f"{CHEM}-edge.mongo.gpg", Member(CHEM, "forum", "edge")),
        (f"{CHEM}.mongo.gpg", Member(CHEM, "forum", "edx")),
        (f"{CHEM}.mongo", Member(CHEM, "forum", "edx")),
        (
            f"{CHEM}-course_structure-prod-analytics.json.gpg",
            Member(CHEM, "course_structure", "edx"),
        ),
        (
            f"{CHEM}-course_structure-prod-edge-analytics.json.gpg",
            Member(CHEM, "course_structure", "edge"),
        ),
        (f"{CHEM}-course-prod-analytics.xml.tar.gz.gpg", Member(CHEM, "course_export", "edx")),
        (
            f"{CHEM}-course-prod-edge-analytics.xml.tar.gz.gpg",
            Member(CHEM, "course_export", "edge"),
        ),
    ],
)
def test_a_member_tells_course_table_and_site(name: str, member: Member) -> None:
    assert package_member(name, KNOWN) == member


@pytest.mark.parametrize(
    "prefix",
    [
        "MITx-6.002-x-2012-Fall",
        "My-Org-Lit-101-Run-1",
        f"{CHEM}-ccx-3",
        "McGillX-course-1T2014",
        "McGillX-auth_user-prod",
        "McGillX-CHEM181x-prod-analytics",
        "Universit_X-_t_-2014",
    ],
)
def test_dashes_of_a_course_stay_with_it(prefix: str) -> None:
    assert package_member(f"{prefix}-auth_user-prod-edge-analytics.sql.gpg", KNOWN) == Member(
        prefix, "auth_user", "edge"
    )
    assert package_member(f"{prefix}-unheard_of-prod-analytics.sql.gpg", KNOWN) == Member(
        prefix, "unheard_of", "edx"
    )
    assert package_member(f"{prefix}-course_structure-prod-analytics.json.gpg", KNOWN) == Member(
        prefix, "course_structure", "edx"
    )
    assert package_member(f"{prefix}-edge.mongo.gpg", KNOWN) == Member(prefix, "forum", "edge")


@pytest.mark.parametrize(
    ("name", "site"),
    [
        ("KnowledgeX-email_opt_in-prod-analytics.csv.gpg", "edx"),
        ("x/mcgillx-email_opt_in-edge-analytics.csv.gpg", "edge"),
        ("mcgillx-email_opt_in-edx-analytics.csv.gpg", "edx"),
        ("mcgillx-email_opt_in-prod-analytics.csv", None),
    ],
)
def test_an_opt_in_list_tells_its_site(name: str, site: str | None) -> None:
    assert opt_in_site(name) == site


@pytest.mark.parametrize(
    ("key", "prefix"),
    [
        ("course-v1:McGillX+CHEM181x+1T2014", CHEM),
        ("course-v1:TestX+Démo.1+日_1", "TestX-D_mo.1-__1"),
        ("ccx-v1:McGillX+CHEM181x+1T2014+ccx@3", f"{CHEM}-ccx-3"),
    ],
)
def test_the_names_of_a_course_s_files_begin_as_edx_writes_them(key: str, prefix: str) -> None:
    assert course_prefix(key) == prefix


def test_the_longest_table_name_that_fits_is_taken() -> None:
    known = frozenset({"teams", "odd-teams"})
    name = "O-C-R-odd-teams-prod-analytics.sql.gpg"
    assert package_member(name, known) == Member("O-C-R", "odd-teams", "edx")


@pytest.mark.parametrize("name", [f"{'é' * 130}-C-R-auth_user", f"O-C-R-{'t' * 300}"])
def test_a_name_too_long_for_a_folder_or_a_file_is_no_member(name: str) -> None:
    assert package_member(f"{name}-prod-analytics.sql.gpg", frozenset({"auth_user"})) is None


@pytest.mark.parametrize("folder", ["", "mcgillx-2014-05-01/", "mcgillx-2014-05-01/ora/", "ora/"])
def test_the_folder_in_the_zip_does_not_matter(folder: str) -> None:
    name = f"{folder}{CHEM}-submissions_score-prod-analytics.sql.gpg"
    assert package_member(name, KNOWN) == Member(CHEM, "submissions_score", "edx")


@pytest.mark.parametrize("end", [".failed.gpg", ".failed"])
@pytest.mark.parametrize(
    ("name", "table"),
    [
        (f"{CHEM}-auth_user-prod-analytics.sql", "auth_user"),
        (f"{CHEM}-course_structure-prod-analytics.json", "course_structure"),
        (f"{CHEM}-course-prod-analytics.xml.tar.gz", "course_export"),
        (f"{CHEM}-prod.mongo", "forum"),
    ],
)
def test_a_failed_export_is_told_apart(name: str, table: str, end: str) -> None:
    assert package_member(name + end, KNOWN) == Member(CHEM, table, "edx", failed=True)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "mcgillx-2014-05-01/",
        "mcgillx-email_opt_in-edx-analytics.csv.gpg",
        "mcgillx-email_opt_in-prod-analytics.csv.gpg",
        "README.txt",
        f"{CHEM}-auth_user.sql.gpg",
        f"{CHEM}-auth_user-stage-analytics.sql.gpg",
        "auth_user-prod-analytics.sql.gpg",
        "-auth_user-prod-analytics.sql.gpg",
        "-prod-analytics.sql.gpg",
        f"{CHEM}-course_structure-prod-analytics.sql.gpg.bak",
        ".mongo.gpg",
        "...mongo.gpg",
        "..-auth_user-prod-analytics.sql.gpg",
        f"{CHEM}-..-prod-analytics.sql.gpg",
        f"{CHEM}-_loads-prod-analytics.sql.gpg",
        f"{'a' * 300}-auth_user-prod-analytics.sql.gpg",
    ],
)
def test_what_is_no_course_s_file_is_none(path: str) -> None:
    assert package_member(path, KNOWN) is None


_part = st.text("aZ09é_.-", min_size=1, max_size=8).filter(lambda part: part.strip("-."))
_prefixes = st.builds("{}-{}-{}".format, _part, _part, _part) | st.builds(
    "{}-{}-{}-ccx-{}".format, _part, _part, _part, st.integers(0, 99)
)
_tables = st.sampled_from(sorted(KNOWN)) | st.from_regex(r"[a-z][a-z_]{0,20}", fullmatch=True)
_sites = st.sampled_from(
    [
        ("prod-analytics", "edx"),
        ("prod-edge-analytics", "edge"),
        ("prod-edx-replica", "edx"),
        ("edge-analytics", "edge"),
    ]
)
_folders = st.sampled_from(["", "mcgillx-2014-05-01/", "mcgillx-2014-05-01/ora/"])


@given(_folders, _prefixes, _tables, _sites)
def test_a_name_built_by_the_rule_tells_its_parts_again(
    folder: str, prefix: str, table: str, site: tuple[str, str]
) -> None:
    written, told = site
    expected = Member(prefix, table, told)
    assert package_member(f"{folder}{prefix}-{table}-{written}.sql.gpg", KNOWN) == expected


@given(_folders, _prefixes, st.sampled_from([("prod", "edx"), ("edge", "edge")]))
def test_a_forum_s_name_built_by_the_rule_tells_its_parts_again(
    folder: str, prefix: str, site: tuple[str, str]
) -> None:
    written, told = site
    name = f"{folder}{prefix}-{written}.mongo.gpg"
    assert package_member(name, KNOWN) == Member(prefix, "forum", told)
