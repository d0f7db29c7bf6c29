"""Secret keys of the institution's own, for hashes and pseudonyms, each in a file of the storage.

GnuPG's keys do not belong here.
"""

import secrets

from edx_assets.resources.storage import Storage

KEY_BYTES = 32


def secret_key(storage: Storage, name: str) -> bytes:
    """The key `name` (`keys/<name>` in the storage, mode 0600); it is made when first asked for.

    Of two processes that ask for it first, both get the same.

    Raises:
        MissingSettingError: there is no storage.
    """
    key = f"keys/{name}"
    kept = storage.content(key)
    if kept is None:
        # where another was faster, its key is the one
        storage.put(key, secrets.token_bytes(KEY_BYTES), new=True)
        with storage.reading(key) as path:
            kept = path.read_bytes()
    return kept


def has_secret_key(storage: Storage, name: str) -> bool:
    """Whether the key is there; where it was there before and is not now, it is lost."""
    return storage.exists(f"keys/{name}")
