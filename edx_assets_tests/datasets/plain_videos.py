"""The datasets of videos in plain, slow Python: see `plain`."""

from collections import Counter, defaultdict
from datetime import date

from edx_assets_tests.datasets.plain import Event, Row, learners


def video_viewings(events: list[Event]) -> list[Row]:
    rows = []
    lengths: dict[str, float] = {}
    kinds = ("play_video", "pause_video", "stop_video", "seek_video")
    videos = [e for e in events if e.type in kinds and e.module and e.user_id is not None]
    for each in videos:
        if "duration" in each.told:
            lengths[str(each.module)] = max(lengths.get(str(each.module), 0), each.told["duration"])
    for user_id, own in learners(videos):
        playing: dict[str, tuple[Event, float] | None] = {}
        jumped: dict[str, float | None] = {}
        for each in own:
            module = str(each.module)
            if each.type == "play_video":
                start = jumped.get(module)
                start = each.told["currentTime"] if start is None else start
                playing[module] = (each, start)
            elif begun := playing.pop(module, None):
                play, start = begun
                end = each.told["old_time" if each.type == "seek_video" else "currentTime"]
                length = lengths.get(module)
                if end - start >= 0.25 and end <= 36_000 and (not length or end <= length + 1):
                    rows.append(
                        {
                            "user_id": user_id,
                            "module_id": module,
                            "time": play.time,
                            "from_second": start,
                            "to_second": end,
                            "duration": length,
                            "event_id": play.event_id,
                        }
                    )
            jumped[module] = each.told["new_time"] if each.type == "seek_video" else None
    return rows


def video_day(events: list[Event]) -> list[Row]:
    rows: dict[tuple[int, date, str], Row] = {}
    for user_id, own in learners(events):
        for each in own:
            if each.type not in ("play_video", "pause_video", "stop_video") or not each.module:
                continue
            key = {"user_id": user_id, "day": each.day, "module_id": each.module}
            row = rows.setdefault(
                (user_id, each.day, each.module), key | {"nplay_video": 0, "position": None}
            )
            row["nplay_video"] += each.type == "play_video"
            place = each.told["currentTime"]
            if place <= 10 * 60 * 60 and (row["position"] is None or place > row["position"]):
                row["position"] = place
    return list(rows.values())


def video_segments(events: list[Event]) -> list[Row]:
    views: Counter[tuple[str, int]] = Counter()
    seen: dict[tuple[str, int], set[int]] = defaultdict(set)
    for row in video_viewings(events):
        segment = int(row["from_second"] // 5)
        while segment * 5 < row["to_second"]:
            views[row["module_id"], segment] += 1
            seen[row["module_id"], segment].add(row["user_id"])
            segment += 1
    return [
        {"module_id": module, "segment": segment, "learners": len(seen[key]), "views": count}
        for key, count in sorted(views.items())
        for module, segment in [key]
    ]


def person_video(events: list[Event]) -> list[Row]:
    of: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in video_viewings(events):
        of[row["user_id"], row["module_id"]].append(row)
    rows = []
    for (user_id, module), own in sorted(of.items()):
        watched, reached = 0.0, 0.0
        for row in sorted(own, key=lambda row: (row["from_second"], row["to_second"])):
            watched += max(0, row["to_second"] - max(row["from_second"], reached))
            reached = max(reached, row["to_second"])
        length = own[0]["duration"]
        rows.append(
            {
                "user_id": user_id,
                "module_id": module,
                "viewings": len(own),
                "seconds_watched": round(watched, 6),
                "furthest_second": reached,
                "complete": None if length is None else reached >= max(length - 30, 0.95 * length),
                "first_time": min(row["time"] for row in own),
                "last_time": max(row["time"] for row in own),
            }
        )
    return rows
