"""The institution's own secret keys."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from edx_assets.resources.secret_key import KEY_BYTES, has_secret_key, secret_key
from edx_assets.resources.storage import Storage


def test_a_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    storage = Storage(place=str(tmp_path / "storage"))
    assert not has_secret_key(storage, "retirement")
    key = secret_key(storage, "retirement")
    assert len(key) == KEY_BYTES
    assert secret_key(storage, "retirement") == key
    assert has_secret_key(storage, "retirement")
    assert secret_key(storage, "other") != key
    path = tmp_path / "storage/keys/retirement"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_all_who_ask_first_get_the_same_key(tmp_path: Path) -> None:
    storage = Storage(place=str(tmp_path / "storage"))
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _n: secret_key(storage, "retirement"), range(16)))
    assert len(keys) == 1
    assert [path.name for path in (tmp_path / "storage/keys").iterdir()] == ["retirement"]
