"""Which datasets reports are made from. It is known without loading what draws them."""

READS = (
    "course_axis",
    "enrolment_by_day",
    "forum_events",
    "forum_posts",
    "person_course",
    "person_day",
    "person_places",
    "person_video",
    "problem_check",
    "time_on_asset",
    "video_axis",
    "video_segments",
)
"""The datasets that the sections name."""
