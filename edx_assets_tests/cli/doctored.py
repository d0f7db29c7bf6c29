"""An institution where all is well, examined by the doctor after what a test changes."""

from collections.abc import Callable

from edx_assets.cli.doctor import diagnose
from edx_assets.cli.finding import Finding
from edx_assets.definitions import build_resources
from edx_assets.settings import load_settings
from edx_assets_tests.institution import PASSPHRASE

SUBJECTS = ["S3", "GPG", "storage", "courses file", "places", "own datasets", "settings", "MongoDB"]
COURSES = "courses:\n  - course_key: course-v1:McGillX+CHEM181x+1T2014\n"

Doctor = Callable[[], list[Finding]]


def examine() -> list[Finding]:
    settings = load_settings()
    resources = build_resources(settings)
    findings = list(
        diagnose(
            settings,
            resources["buckets"],
            resources["gnupg"],
            resources["storage"],
            resources["courses_file"],
            resources["geoip"],
            resources["mongo"].store,
        )
    )
    assert list(dict.fromkeys(finding.subject for finding in findings)) == SUBJECTS
    for finding in findings:
        assert PASSPHRASE not in f"{finding}"
        assert "None" not in finding.found
    return findings


def failed(findings: list[Finding], subject: str) -> str:
    """The text and the remedy of the only failure, which is of the subject."""
    [found] = [finding for finding in findings if finding.state == "failed"]
    assert found.subject == subject
    return f"{found.found} -> {found.remedy}"


def of(findings: list[Finding], subject: str) -> list[tuple[str, str]]:
    return [(found.state, found.found) for found in findings if found.subject == subject]
