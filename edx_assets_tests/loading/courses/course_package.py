"""A small package of one course, delivered, sorted and loaded."""

import json
from typing import Any

from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.store import Collection, Store
from edx_assets_tests.institution import Institution

COURSE, DATABASE = "course-v1:TestX+T101+2014", "TestX_T101_2014"
PREFIX = "TestX-T101-2014"
VIDEO = "i4x://TestX/T101/video/v1"


def structure(**dates: str) -> dict[str, Any]:
    """A chapter, a sequential, a vertical, and below a conditional a video."""

    def block(category: str, *children: str, **metadata: Any) -> dict[str, Any]:
        return {"category": category, "children": list(children), "metadata": metadata}

    def key(category: str, name: str) -> str:
        return f"i4x://TestX/T101/{category}/{name}"

    return {
        key("course", "2014"): block("course", key("chapter", "c1"), display_name="T", **dates),
        key("chapter", "c1"): block("chapter", key("sequential", "s1"), display_name="C"),
        key("sequential", "s1"): block(
            "sequential", key("html", "h0"), key("vertical", "u1"), display_name="S"
        ),
        key("html", "h0"): block("html"),
        key("vertical", "u1"): block("vertical", key("conditional", "x1"), display_name="U"),
        key("conditional", "x1"): block("conditional", VIDEO),
        VIDEO: block("video", display_name="V", youtube_id_1_0="abc"),
    }


def members(**changes: bytes | None) -> dict[str, bytes]:
    """A package's files of the course, by collection; None leaves one out."""
    post = {"_id": {"$oid": "50f1dd4ae05f6d2600000001"}, "created_at": {"$date": 1358028106904}}
    files: dict[str, bytes | None] = {
        "course_structure": json.dumps(
            structure(start="2014-02-03T00:00:00Z", end="2014-02-10T12:00:00Z")
        ).encode(),
        "forum": json.dumps(post).encode() + b"\n",
        "auth_user": b"id\tusername\n7\tana\n8\tb\\tob\n",
        "auth_userprofile": b"id\tuser_id\tbio\n1\t7\ta\\nb\n",
        "student_courseenrollment": (
            b"id\tuser_id\tcourse_id\tcreated\tis_active\tmode\n"
            b"1\t7\tTestX/T101/2014\t2014-01-05 10:00:00\t1\thonor\n"
        ),
        "certificates_generatedcertificate": b"id\tuser_id\tgrade\n",
        "user_id_map": b"hash_id\tid\tusername\nabc\t7\tana\n",
        **changes,
    }
    names = {
        "course_structure": f"{PREFIX}-course_structure-prod-analytics.json",
        "forum": f"{PREFIX}-prod.mongo",
    }
    return {
        names.get(name, f"{PREFIX}-{name}-prod-analytics.sql"): content
        for name, content in files.items()
        if content is not None
    }


def gnupg_of(testx: Institution) -> Gnupg:
    """The GnuPG home of the institution, for a load outside Dagster."""
    return Gnupg(home=testx.gpg.gnupghome)


def sort(testx: Institution, day: str) -> Any:
    testx.run("packages/delivered")
    return testx.run("packages/database_package", "packages/course_files", partition=day)


def collection(store: Store, name: str) -> list[dict[str, Any]]:
    return sorted(
        store.find(Collection(DATABASE, name), {}), key=lambda document: str(document["_id"])
    )


COLLECTIONS = (
    "course_structure",
    "forum",
    "student_courseenrollment",
    "certificates_generatedcertificate",
    "auth_user",
    "user_id_map",
    "auth_userprofile",
)


def load_all(testx: Institution) -> Any:
    return testx.run(*(f"course/{name}" for name in COLLECTIONS), partition=COURSE)
