"""The class of a document's field by its path."""

import pytest

from edx_assets.edx.field_rules import Field, document_field
from edx_assets.edx.personal import NONE, Identity, Kind, Personal, personal_fields

ID = Personal(Kind.IDENTIFIER, Identity.USER_ID)
FREE, QUASI = Personal(Kind.FREE_TEXT), Personal(Kind.QUASI)


def at(field: Field, path: str) -> Personal:
    for name in path.split("."):
        field = field.below(name)
    return field.personal


@pytest.mark.parametrize(
    ("path", "personal"),
    [
        ("user_id", ID),
        ("other", NONE),
        ("event", FREE),
        ("event.user_id", ID),
        ("event.a.b.user_id", ID),
        ("event.a.b", FREE),
        ("event.user_id.more", NONE),
        ("event.user_id.user_id", ID),
        ("client", QUASI),
        ("client.any.id", ID),
        ("client.any.more.id", NONE),
        ("client.id", NONE),
    ],
)
def test_a_field_has_the_class_of_its_pattern(path: str, personal: Personal) -> None:
    root = document_field(
        {"user_id": ID, "event": FREE, "event.**.user_id": ID, "client": QUASI, "client.*.id": ID}
    )
    assert at(root, path) == personal
    assert at(root, path) == personal  # from what is kept


def test_an_identifier_goes_before_what_is_around_it() -> None:
    root = document_field(personal_fields("tracking") or {})
    assert at(root, "event.post.username").identity == Identity.USERNAME
    assert at(root, "delivered.user_id").identity == Identity.USER_ID
    assert at(root, "context.client.device.id").identity == Identity.SESSION
    assert at(root, "event.post.body").kind == Kind.FREE_TEXT
