"""Who has which role, by hand: with both tables, and where one is missing."""

from typing import Any

from edx_assets_tests.datasets.made import made

ACCESS, FORUM = "student_courseaccessrole", "django_comment_client_role_users"


def held(field: str, *pairs: tuple[int | None, str]) -> list[dict[str, Any]]:
    return [{"_id": n, "user_id": user, field: role} for n, (user, role) in enumerate(pairs, 2)]


ACCESS_ROLES = held(
    "role",
    (1, "instructor"),
    (1, "staff"),
    (1, "staff"),
    (2, "data_researcher"),
    (2, "beta_testers"),
    (6, "ccx_coach"),
    (6, "finance_admin"),
    (6, "library_user"),
    (6, "sales_admin"),
    (7, ""),
    (None, "staff"),
)
FORUM_ROLES = held(
    "name",
    (1, "Student"),
    (2, "Moderator"),
    (3, "Student"),
    (4, "Student"),
    (4, "Community TA"),
    (5, "Group Moderator"),
    (5, "Expert"),
    (5, "Expert"),
    (6, "Administrator"),
)


def people(tables: dict[str, Any]) -> dict[int, tuple[Any, ...]]:
    """Of each person: `roles`, the columns that are true, those that are null, and the others."""
    told = {}
    for row in made(["roles"], tables=tables)["roles"]:
        kinds = {name: value for name, value in row.items() if "_is" in name}
        is_true = {name.partition("_is")[2] for name, value in kinds.items() if value}
        is_null = {name.partition("_is")[0] for name, value in kinds.items() if value is None}
        told[row["user_id"]] = (row["roles"], is_true, is_null, row["other_roles"])
    return told


def test_any_role_but_student_makes_staff() -> None:
    every = {"CCX", "Finance", "Library", "Sales", "Admin"}
    assert people({ACCESS: ACCESS_ROLES, FORUM: FORUM_ROLES}) == {
        1: ("Staff", {"Instructor", "Staff", "Student"}, set(), None),
        2: ("Staff", {"BetaTester", "Moderator"}, set(), "data_researcher"),
        3: ("Student", {"Student"}, set(), None),
        4: ("Staff", {"Student", "CommunityTA"}, set(), None),
        5: ("Staff", set(), set(), "Expert, Group Moderator"),
        6: ("Staff", every, set(), None),
    }


def test_what_no_table_tells_is_null() -> None:
    assert people({ACCESS: ACCESS_ROLES})[2] == (
        "Staff",
        {"BetaTester"},
        {"forumRoles"},
        "data_researcher",
    )
    by_forum = people({FORUM: FORUM_ROLES})
    assert by_forum[3] == (None, {"Student"}, {"roles"}, None)
    assert by_forum[4] == ("Staff", {"Student", "CommunityTA"}, {"roles"}, None)
    assert people({ACCESS: [], FORUM: FORUM_ROLES})[3] == ("Student", {"Student"}, set(), None)
    assert people({}) == {}
