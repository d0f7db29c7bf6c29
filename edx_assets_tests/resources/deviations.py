"""What servers are known to do otherwise than MongoDB, so far as the contract comes upon it.

Each with a line of Python that shows it, where `db` is a database of pymongo.
"""

MONGOD = "mongod"
SECANTUSD_PY = "secantusd-py"  # 0.7.0b3
SECANTUSD_RS = "secantusd-rs"  # 0.5.3-beta.193

KEEPS_ARRAY_IDS = {SECANTUSD_PY}
"""An array is stored as an `_id`; MongoDB refuses it with code 53 (InvalidIdField).

    db.c.insert_one({"_id": [1]})
"""

RENAMES_IN_TWO_STEPS = {SECANTUSD_RS}
"""Renaming over a collection drops it first: for a moment a reader finds it empty.

    while True: db.c.count_documents({}) or print("empty")
    db.d.rename("c", dropTarget=True)  # from another process meanwhile
"""

ADDS_NO_DATES = {SECANTUSD_RS}
"""`$add` and `$subtract` refuse dates with code 2; `$dateAdd` and `$dateDiff` are answered.

    db.c.aggregate([{"$project": {"took": {"$subtract": ["$end", "$start"]}}}])
"""

HOLDS_ANY_DEPTH = {SECANTUSD_PY}
"""A document of any depth is stored; MongoDB refuses one of over 180 levels with code 15.

    db.c.insert_one(json.loads('{"a":' * 200 + "1" + "}" * 200))
"""

LOOKS_THROUGH_ALL = {SECANTUSD_PY}
"""No index serves `$in`, nor a range of dates, nor `$or`: all documents are looked at.

    db.c.create_index("a")
    db.command("explain", {"find": "c", "filter": {"a": {"$in": [1]}}})
"""

KEEPS_ROLES = {SECANTUSD_PY, SECANTUSD_RS}
"""A connection keeps the roles that its user had when it began; MongoDB asks anew at once.

    db.client.admin.command("revokeRolesFromUser", "ana", roles=["r"])  # ana still reads
"""
