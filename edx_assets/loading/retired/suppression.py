"""The list of retired learners (`tracking_logs.retired`): keyed hashes, which every load asks.

What is recognised by them belongs in `edx.retired`; finding and removing what is loaded, in the
other modules here.
"""

from collections.abc import Set
from typing import NamedTuple

from bson import Binary

from edx_assets.edx.identifiers import Identifiers, hashed
from edx_assets.edx.retired import NOBODY, Retired
from edx_assets.errors import FinalError, PassingError
from edx_assets.loading.ledger import MASTER, new_token
from edx_assets.resources.lock import locked
from edx_assets.resources.secret_key import has_secret_key, secret_key
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection, Store
from edx_assets.settings import load_settings

RETIRED = Collection(MASTER, "retired")
KEY = "retirement"
"""The name of the key of the hashes, in the storage's folder `keys`."""

_STATE = "state"
_HASH_BYTES = 16
_PART = 500_000  # hashes: 8 MB of a document's 16
_PARTS = {"_id": {"$gte": "hashes/", "$lt": "hashes0"}}


class LostKeyError(FinalError):
    """The key of the list is gone: nobody on it would be recognised, so nothing is loaded."""


class RetiredMeanwhileError(PassingError):
    """Learners were retired while a load was running, which did not know them."""


class Suppression(NamedTuple):
    """The retired learners, and a token that changes whenever learners are added."""

    retired: Retired
    token: str


_NOBODY = Suppression(NOBODY, "")
_held: dict[tuple[str, int, bool], Suppression] = {}
"""The last list that was read: a run asks it for every collection."""


def suppression(store: Store, storage: Storage) -> Suppression:
    """The list as it is now.

    Raises:
        LostKeyError: there is a list, and its key is not in the storage.
        StoreError: the database failed.
    """
    state = store.get(RETIRED, _STATE)
    if state is None:
        return _NOBODY
    pseudonyms = load_settings().retire == "pseudonymise"
    known = state["token"], state["parts"], pseudonyms
    if known not in _held:
        key = _key(storage, state["key"])
        hashes = frozenset(_hashes(store))
        _held.clear()
        _held[known] = Suppression(Retired(key, hashes, pseudonyms), state["token"])
    return _held[known]


def add_learners(store: Store, storage: Storage, hashes: Set[bytes]) -> Suppression:
    """Add learners by the hashes of their identifiers; loads that are running are refused."""
    return _add(store, storage, hashes, new_token())


def add_known(store: Store, storage: Storage, learners: Identifiers, keys: Set[bytes]) -> bool:
    """Add what rows of retired learners tell of them; whether anything of it is new.

    Loads that are running go on: what they have not recognised is removed after this.
    """
    known = suppression(store, storage)
    hashes = learners.hashes(key_of_list(store, storage)) | keys if known.retired else set()
    if known.retired.has_all(hashes):
        return False
    add_rows(store, storage, hashes)
    return True


def add_rows(store: Store, storage: Storage, hashes: Set[bytes]) -> Suppression:
    """Add rows of learners who are on the list: rows that refer to them are recognised by these."""
    return _add(store, storage, hashes, None)


def key_of_list(store: Store, storage: Storage) -> bytes:
    """The key of the hashes; it is made for the first list.

    Raises:
        LostKeyError: there is a list, and its key is not in the storage.
    """
    state = store.get(RETIRED, _STATE)
    return secret_key(storage, KEY) if state is None else _key(storage, state["key"])


def refuse_if_changed(store: Store, before: Suppression) -> None:
    """See that nobody was retired since the list was read.

    Raises:
        RetiredMeanwhileError: somebody was.
    """
    state = store.get(RETIRED, _STATE)
    if (state["token"] if state else "") != before.token:
        raise RetiredMeanwhileError(
            "learners were retired while this was being loaded: materialize this partition again"
        )


def _add(store: Store, storage: Storage, hashes: Set[bytes], token: str | None) -> Suppression:
    with locked(store, MASTER, RETIRED.name):
        state = store.get(RETIRED, _STATE)
        key = key_of_list(store, storage)
        new = sorted(set(hashes) - set(_hashes(store)))
        part = sum(1 for _part in store.find(RETIRED, _PARTS, fields=[]))
        for start in range(0, len(new), _PART):
            content = Binary(b"".join(new[start : start + _PART]))
            store.put(RETIRED, {"_id": f"hashes/{part:06}", "hashes": content})
            part += 1
        if state is None or token or part != state["parts"]:
            told = token or (state["token"] if state else new_token())
            fingerprint = hashed(key, "fingerprint", "").hex()
            document = {"_id": _STATE, "token": told, "parts": part, "key": fingerprint}
            store.put(RETIRED, document)
    return suppression(store, storage)


def _hashes(store: Store) -> set[bytes]:
    found: set[bytes] = set()
    for document in store.find(RETIRED, _PARTS):
        content = bytes(document["hashes"])
        found.update(content[at : at + _HASH_BYTES] for at in range(0, len(content), _HASH_BYTES))
    return found


def _key(storage: Storage, fingerprint: str) -> bytes:
    if has_secret_key(storage, KEY):
        key = secret_key(storage, KEY)
        if hashed(key, "fingerprint", "").hex() == fingerprint:
            return key
    raise LostKeyError(
        f"the key of the list of retired learners (keys/{KEY} in EDX_STORAGE) is not the one that"
        " the list was made with: put the file back from a backup. Without it a retired learner"
        " would be loaded again. If it is lost, drop tracking_logs.retired and retire again with"
        " all of edX's lists"
    )
