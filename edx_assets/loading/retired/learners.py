"""All identifiers of learners who are to be retired, as far as the databases know them.

edX's list has an id, a username, an e-mail and a name; others are found here.
"""

from edx_assets.edx.identifiers import GROUPS, Identifiers
from edx_assets.edx.personal import Identity
from edx_assets.edx.retired_rows import identifiers_in, own_fields
from edx_assets.resources.store import Collection, Store

TABLES = (
    "user_id_map",
    "auth_user",
    "auth_userprofile",
    "student_anonymoususerid",
    "certificates_generatedcertificate",
    "email_opt_in",
)
"""Tables that have several identifiers of a learner."""


def identifiers_of(store: Store, databases: list[str], learners: Identifiers) -> Identifiers:
    """These learners' identifiers, and all others that tables of courses have for them.

    A username leads to an id, and an id to the rest, so it is looked twice.
    """
    for _look in range(2):
        for database in databases:
            for table in TABLES:
                learners |= _of_table(store, Collection(database, table), learners)
    return learners


def _of_table(store: Store, table: Collection, learners: Identifiers) -> Identifiers:
    found = Identifiers()
    for name, identity in own_fields(table.name).items():
        values = sorted(getattr(learners, GROUPS[identity]))
        if values and identity in (Identity.USER_ID, Identity.USERNAME):
            for row in store.find(table, {name: {"$in": values}}):
                found |= identifiers_in(table.name, row)
    return found
