"""Database packages of the soak's courses, small and made for what a soak changes in them."""

import io
import json
import zipfile
from datetime import date
from typing import Any

from edx_assets_tests.soak.scenario import FIRST, Encrypt

ENDING = "T102"
"""The course that ends in the middle; the others go on."""


def make_package(
    encrypt: Encrypt, delivered: date, courses: tuple[str, ...], name: str, ends: date, users: int
) -> bytes:
    """A package: a zip of encrypted members, of courses on edx, and of the first on edge too.

    Args:
        encrypt: encrypts a member.
        delivered: its delivery date.
        courses: their numbers.
        name: the display name of each course's chapter.
        ends: the day on which T102 ends.
        users: how many learners each course has.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in courses:
            end = ends if number == ENDING else date(2015, 1, 1)
            for member, content in _members(number, name, end, users).items():
                sites = ("prod", "edge") if number == courses[0] else ("prod",)
                for site in sites:
                    path = f"testx-{delivered}/TestX-{number}-2014-{member.format(site=site)}.gpg"
                    archive.writestr(path, encrypt(content))
    return buffer.getvalue()


def _members(number: str, name: str, end: date, users: int) -> dict[str, bytes]:
    tables: dict[str, list[tuple[object, ...]]] = {
        "auth_user": [("id", "username"), *((n, f"u{n}") for n in range(1, users))],
        "student_courseenrollment": [
            ("id", "user_id", "course_id", "created", "is_active", "mode"),
            *(
                (n, n, f"TestX/{number}/2014", "2014-01-05 10:00:00", 1, "honor")
                for n in range(1, users)
            ),
            ("broken",),
        ],
        "user_id_map": [("hash_id", "id", "username"), *((f"h{n}", n, f"u{n}") for n in (1, 2))],
    }
    files = {
        f"{table}-{{site}}-analytics.sql": b"".join(
            "\t".join(map(str, row)).encode() + b"\n" for row in rows
        )
        for table, rows in tables.items()
    }
    post = {"_id": {"$oid": "50f1dd4ae05f6d2600000001"}, "created_at": {"$date": 1358028106904}}
    structure = json.dumps(_structure(number, name, end)).encode()
    return files | {
        "course_structure-{site}-analytics.json": structure,
        "{site}.mongo": json.dumps(post).encode() + b"\n",
    }


def _structure(number: str, name: str, end: date) -> dict[str, Any]:
    def key(category: str, block: str) -> str:
        return f"i4x://TestX/{number}/{category}/{block}"

    dates = {"start": f"{FIRST}T00:00:00Z", "end": f"{end}T00:00:00Z"}
    below = {"chapter": "c1", "sequential": "s1", "vertical": "u1", "video": "v1"}
    keys = [key("course", "2014"), *(key(category, block) for category, block in below.items())]
    return {
        each: {
            "category": each.split("/")[-2],
            "children": keys[n + 1 : n + 2],
            "metadata": {"display_name": name, **(dates if n == 0 else {})},
        }
        for n, each in enumerate(keys)
    }
