"""The schema: every column typed and explained, old names mapped to today's."""

import pytest

from edx_assets.edx.schema import column_names, tables

NAMED = [
    "auth_user",
    "auth_userprofile",
    "student_courseenrollment",
    "certificates_generatedcertificate",
    "user_id_map",
    "courseware_studentmodule",
]


@pytest.mark.parametrize("table", NAMED)
def test_the_tables_that_a_course_s_database_holds_are_known(table: str) -> None:
    assert tables()[table]


@pytest.mark.parametrize("table", sorted(tables()))
def test_every_column_has_a_type_and_a_meaning(table: str) -> None:
    for name, column in tables()[table].items():
        assert (column.table, column.column) == (table, name)
        assert column.type in {"integer", "number", "datetime", "date", "text", "json"}
        assert column.meaning


def test_only_an_old_name_is_changed() -> None:
    assert column_names("user_id_map", ["hash_id", "id"]) == ["hash_id", "user_id"]
    assert column_names("auth_user", ["id", "new"]) == ["id", "new"]
    assert column_names("no_such_table", ["id", "hash_id"]) == ["id", "hash_id"]
