"""A key that gpg's agent does not give is not taken for another's."""

import io
import os
from pathlib import Path
from time import sleep

import pytest

from edx_assets.resources.gnupg import DecryptionError, Gnupg, GpgError
from edx_assets_tests.institution import PASSPHRASE
from edx_assets_tests.resources.homes import encrypted_for, gnupg_home, new_key


class Hiding(io.BytesIO):
    """A file during whose reading gpg finds no secret key; then, if told so, it does again."""

    def __init__(self, content: bytes, keys: Path, until_read: bool) -> None:
        super().__init__(content)
        self.keys, self.hidden, self.until_read = keys, keys.with_name("hidden"), until_read
        keys.rename(self.hidden)

    def read(self, size: int | None = -1) -> bytes:
        if (piece := super().read(size)) or not self.until_read:
            return piece
        sleep(1)  # gpg looks for the key meanwhile
        self.hidden.rename(self.keys)
        return b""


@pytest.mark.parametrize("there", [True, False])
def test_a_key_that_is_there_and_was_not_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    monkeypatch.setenv("EDX_GPG_PASSPHRASE", PASSPHRASE)
    with gnupg_home() as home:
        new_key(home, PASSPHRASE)
        content = encrypted_for(Path(home), os.urandom(600_000))
        hiding = Hiding(content, Path(home) / "private-keys-v1.d", until_read=there)
        with pytest.raises(GpgError if there else DecryptionError) as error:
            Gnupg(home=home).decrypt(hiding, tmp_path / "plain")
    assert error.value.cause.startswith(
        "gpg's agent cannot be reached" if there else "it is encrypted for another key"
    )
