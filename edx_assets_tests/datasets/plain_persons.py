"""What is told of each learner in plain, slow Python: languages, devices, places, enrolment."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from edx_assets_tests.datasets.plain import Event, Row

MOBILE = ("iphone", "ipad", "android", "edx.mobile", "darwin")
DESKTOP = ("windows", "macintosh", "linux", "bsd", "cros")


def of_learners(events: Iterable[Event]) -> dict[int, list[Event]]:
    """Each learner's events in order, those of XBlocks among them."""
    of: dict[int, list[Event]] = defaultdict(list)
    for each in sorted(events, key=lambda each: each.order):
        if each.user_id is not None:
            of[each.user_id].append(each)
    return of


def person_languages(events: list[Event]) -> list[Row]:
    rows = []
    for user_id, own in of_learners(events).items():
        shown, uses, downloads = "en", defaultdict(list), Counter[str]()
        for each in own:
            language = each.type.partition("/transcript/translation/")[2]
            target = each.told.get("target_url") or ""
            if language:
                shown = language
                uses[shown].append(each.time)
            elif each.type == "edx.ui.lms.link_clicked" and "transcript/download" in target:
                uses[shown].append(each.time)
                downloads[shown] += 1
        best = min(
            uses, key=lambda name: (-len(uses[name]), -uses[name][-1].timestamp(), name), default=""
        )
        rows += [
            {
                "user_id": user_id,
                "language": name,
                "nevents": len(times),
                "downloads": downloads[name],
                "last_time": times[-1],
                "modal": name == best,
            }
            for name, times in uses.items()
        ]
    return rows


def device_of(event: Event) -> str | None:
    agent = event.fields.get("agent", "").lower()
    if event.source == "mobile" or any(word in agent for word in MOBILE):
        return "Mobile"
    return "Desktop" if any(word in agent for word in DESKTOP) else None


def person_devices(events: list[Event]) -> list[Row]:
    rows = []
    for user_id, own in of_learners(events).items():
        counts = Counter(device_of(each) for each in own)
        mobile, desktop = counts["Mobile"], counts["Desktop"]
        rows.append(
            {
                "user_id": user_id,
                "mobile_events": mobile,
                "desktop_events": desktop,
                "unknown_events": counts[None],
                "ever_mobile": mobile > 0,
                "ever_desktop": desktop > 0,
                "modal_agent": ("Mobile" if mobile > desktop else "Desktop")
                if mobile + desktop
                else None,
            }
        )
    return rows


def person_enrolment(events: list[Event]) -> list[Row]:
    rows = []
    for user_id, own in of_learners(events).items():
        told = [
            (each.type.removeprefix("edx.course.enrollment."), each.told.get("mode"), each.time)
            for each in own
            if each.type.startswith("edx.course.enrollment.")
        ]
        came = [time for kind, _mode, time in told if kind == "activated"]
        left = [time for kind, _mode, time in told if kind == "deactivated"]
        verified = [(kind, time) for kind, mode, time in told if mode == "verified"]
        into = [time for kind, time in verified if kind in ("activated", "mode_changed")]
        out = [time for kind, time in verified if kind == "deactivated"]
        if told:
            rows.append(
                {
                    "user_id": user_id,
                    "enroll_time": min(came, default=None),
                    "unenroll_time": max(left, default=None),
                    "verified_enroll_time": min(into, default=None),
                    "verified_unenroll_time": max(out, default=None),
                }
            )
    return rows
