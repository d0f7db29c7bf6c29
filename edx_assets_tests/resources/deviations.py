"""What servers are known to do otherwise than MongoDB, so far as the contract comes upon it."""

NX_27017 = "nx-27017"  # 0.8.1
MONGO_JAVA_SERVER = "mongo-java-server"  # 1.47.0, H2 storage

KEEPS_ARRAY_IDS = {NX_27017}
"""An array is stored as an `_id`; MongoDB refuses it with code 53 (InvalidIdField)."""

MIXES_ID_TYPES = {NX_27017}
"""`_id`s are compared and sorted as text: "1" is 1, and 10 comes before 9."""

COMPARES_DATES_BY_SECOND = {NX_27017}
"""A range's bounds and the dates are cut to whole seconds before they are compared."""

KEEPS_INDEXES_ASCENDING = {NX_27017}
"""A descending key of an index becomes an ascending one."""

RENAMES_IN_TWO_STEPS = {MONGO_JAVA_SERVER}
"""Renaming over a collection drops it first: for a moment there is none, or an error."""

GIVES_NO_CODE_FOR_WHAT_IS_GONE = {MONGO_JAVA_SERVER}
"""Renaming a collection that is not there fails without MongoDB's code, 26."""
