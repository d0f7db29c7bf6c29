"""The queries that look at more than they find, or at much, each with the reason for it.

By collection (`course` stands for each of a course's) and by the fields that are asked for.
"""

_EACH_DAY = "what is told or kept is told of each day: a small entry, without its courses"
_EACH_COURSE = "what is due, or told, is so of each course: one entry for each of its collections"
_ONE_READ = "a course's files and their marks have to be of one moment"
_SEARCHED = "a quarantine is searched as a whole, by a person or for the overview"
_CHECKED = "the whole of a course is checked"
_BY_ID = "each value is found by the index, and looked for once more behind it"
_NOBODY_S = "no index tells whom a line or a note names, and there are few of them"
_FEW = "there are as many as an institution has courses, or weeks"

_ONCE = "the ledger of the first version is brought up to date"

LISTED = {
    ("packages", "{_id $gte, any $exists}"): _ONCE,
    ("package_courses", "{_id $gte, any $exists}"): _ONCE,
    ("course_loads", "{_id $gte, collection, any $exists}"): _ONCE,
    ("imports", "{} by _id"): _EACH_DAY,
    ("imports", "{}"): "the first look of a sensor's process: later ones read what has changed",
    ("imports", "{_id $gte $lte} by _id"): _ONE_READ,
    ("imports", "{_id $gte $lte, state} by _id"): "the newest alone is read",
    ("course_loads", "{}"): _EACH_COURSE,
    ("course_loads", "{collection $in}"): _EACH_COURSE,
    ("course_loads", "{_id $in}"): "the tracking of each course; the server counts a key twice",
    ("courses", "{}"): _FEW,
    ("courses", "{} by _id"): _FEW,
    ("courses", "{database_folded}"): _FEW,
    ("packages", "{}"): _FEW,
    ("packages", "{} by _id"): _FEW,
    ("quarantine", "{collection}"): _SEARCHED,
    ("course.quarantine", "{collection}"): _SEARCHED,
    ("course.tracking", "{}"): "datasets and exports are made from all of a course's events",
    ("course.tracking", "{} by _id"): "an export is of all of a course's events",
    ("course.tracking", "{$or({any $exists})}"): _CHECKED,
    ("course.course_structure", "{$or({any $exists})}"): _CHECKED,
    ("course.tracking", "{_id $in}"): _BY_ID,
    ("course.tracking", "{load_file $in}"): "the days of a retired learner are extracted again",
    ("tracking", "{_id $in}"): _BY_ID,
    (
        "tracking",
        "{$or({any $exists}, {event_type $regex}, {page $regex}, {user_id, username $in}),"
        " course_id}",
    ): "a retired learner is looked for in others' events, in the courses that the learner took",
    ("duplicates", "{}"): _NOBODY_S,
    ("duplicates", "{_id $in}"): _BY_ID,
    ("duplicates", "{record $in}"): _BY_ID,
    ("quarantine", "{}"): _NOBODY_S,
    ("tracking", "{$or({course_id, timestamp $gte $lt}), site}"): "a course is extracted anew",
}
