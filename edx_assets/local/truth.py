"""Holding what was built against the sample institution's manifest."""

from typing import Any


def differences(manifest: dict[str, Any], status: dict[str, Any]) -> list[str]:
    """Every count of the status that is not the manifest's, in words; none where all is right."""
    found: list[str] = []
    files = {(file["site"], file["date"]): file for file in status["files"]}
    for truth in manifest["files"]:
        built = files.pop((truth["site"], truth["date"]), None)
        label = f"{truth['site']} {truth['date']}"
        if built is None:
            found.append(f"{label}: not loaded")
            continue
        for name in ("file", "lines", "loaded", "duplicates", "rejected"):
            if built[name] != truth[name]:
                found.append(f"{label}: {name} is {built[name]}, should be {truth[name]}")
    found += [f"{site} {date}: loaded, and not in the manifest" for site, date in files]
    courses = {(course["course_key"], course["site"]): course for course in status["courses"]}
    for truth in manifest["courses"]:
        built = courses.pop((truth["course_key"], truth["site"]), None)
        label = f"{truth['course_key']} ({truth['site']})"
        if built is None:
            found.append(f"{label}: not there")
            continue
        for name, documents in truth["collections"].items():
            if (there := built["collections"].get(name)) != documents:
                found.append(f"{label}: {name} has {there} documents, should have {documents}")
    found += [f"{key} ({site}): registered, and not in the manifest" for key, site in courses]
    return found
