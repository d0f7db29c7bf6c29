"""What gpg's exit code and status lines mean together."""

import pytest

from edx_assets.resources.gpg_run import GpgRun

OKAY = {"DECRYPTION_OKAY": [""], "DECRYPTION_INFO": ["2 9 0"]}


@pytest.mark.parametrize(
    ("code", "status", "whole"),
    [
        (0, OKAY | {"GOODMDC": [""]}, True),
        (0, OKAY | {"DECRYPTION_INFO": ["0 9 2"]}, True),  # AEAD, as newer versions write it
        (2, OKAY | {"GOODMDC": [""]}, False),
        (-9, OKAY | {"GOODMDC": [""]}, False),
        (0, OKAY, False),
        (0, {"GOODMDC": [""]}, False),
        (0, {}, False),
    ],
)
def test_what_is_taken_for_whole(code: int, status: dict[str, list[str]], whole: bool) -> None:
    assert GpgRun(code, "", status).decrypted is whole
