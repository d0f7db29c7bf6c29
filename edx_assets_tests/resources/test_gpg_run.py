"""What gpg's exit code and status lines mean together."""

import pytest

from edx_assets.resources.gpg_run import GpgRun, trouble_of

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


@pytest.mark.parametrize(
    "told",
    [
        "gpg: can't connect to the agent: End of file",
        "gpg: setting pinentry mode 'loopback' failed: Broken pipe",
        "gpg: public key decryption failed: Broken pipe",
        "gpg: public key decryption failed: End of file",
    ],
)
def test_an_agent_that_ends_meanwhile_is_no_fault_of_the_file(told: str) -> None:
    """What gpg 2.2 says where its agent is killed between two of its requests."""
    status = {"ENC_TO": ["6E348D1A8D47C5BA 1 0"], "BEGIN_DECRYPTION": [""]}
    messages = f"{told}\ngpg: decryption failed: No secret key"
    trouble = trouble_of(GpgRun(2, messages, status | {"DECRYPTION_FAILED": [""]}))
    assert trouble.ours
    assert "it has ended meanwhile" in trouble.cause
    assert "materialize it again" in trouble.remedy
