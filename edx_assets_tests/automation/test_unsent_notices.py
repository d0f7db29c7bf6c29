"""Notices that could not be sent: sent later, once, by the ways that are left."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from dagster import DagsterInstance

from edx_assets.automation.notices import GIVE_UP, NOTICE, NoticeNotSentError
from edx_assets.settings import Settings
from edx_assets_tests.automation.received import Received
from edx_assets_tests.automation.telling import fail_with, hooked, tell, tell_late


def broken() -> Exception:
    return ValueError("of zoe the learner")


def both(web: Received, mail: Received) -> Settings:
    return hooked(
        web, notice_smtp_host=mail.address, notice_mail_to="a@b.c", notice_mail_from="d@e.f"
    )


def untold(instance: DagsterInstance, settings: Settings) -> str:
    """A run that failed and whose notice could not be sent."""
    run_id = fail_with(instance, broken)
    with pytest.raises(NoticeNotSentError, match="will be tried again"):
        tell(instance, run_id, settings)
    return run_id


def state(instance: DagsterInstance, run_id: str) -> Any:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.tags.get(NOTICE)


def test_it_is_sent_later_once_and_only_by_the_way_that_failed(
    instance: DagsterInstance, web: Received, mail: Received
) -> None:
    settings = both(web, mail)
    web.answer = 503
    run_id = untold(instance, settings)
    assert (len(web.bodies), len(mail.bodies)) == (1, 1)
    with pytest.raises(NoticeNotSentError, match=r"not sent yet: 1; .* the server answered 503"):
        tell_late(instance, settings)
    assert state(instance, run_id) == "unsent"
    web.answer = 200
    assert tell_late(instance, settings) == "notices sent late: 1; not sent yet: 0"
    assert state(instance, run_id) == "sent"
    assert tell_late(instance, settings) == "notices sent late: 0; not sent yet: 0"
    assert (len(web.bodies), len(mail.bodies)) == (3, 1)
    assert web.bodies[0] == web.bodies[2]
    assert b"zoe" not in web.bodies[2]


def test_a_run_that_is_seen_again_is_told_once(instance: DagsterInstance, web: Received) -> None:
    run_id = fail_with(instance, broken)
    tell(instance, run_id, hooked(web))
    assert "is sent already" in str(tell(instance, run_id, hooked(web)))
    web.answer = 500
    unsent = untold(instance, hooked(web))
    assert "is unsent already" in str(tell(instance, unsent, hooked(web)))
    assert len(web.bodies) == 2


def test_a_run_that_inherits_the_tags_of_another_is_told_itself(
    instance: DagsterInstance, web: Received
) -> None:
    web.answer = 500
    parent = instance.get_run_by_id(untold(instance, hooked(web)))
    assert parent is not None
    child = fail_with(instance, broken, tags=dict(parent.tags))
    web.answer = 200
    assert tell_late(instance, hooked(web)) == "notices sent late: 1; not sent yet: 0"
    tell(instance, child, hooked(web))
    assert [state(instance, run) for run in (parent.run_id, child)] == ["sent", "sent"]
    assert len(web.bodies) == 3


def test_a_server_that_is_down_is_asked_once_in_a_tick(
    instance: DagsterInstance, web: Received
) -> None:
    web.answer = 500
    runs = [untold(instance, hooked(web)) for _ in range(3)]
    with pytest.raises(NoticeNotSentError, match="notices not sent yet: 3"):
        tell_late(instance, hooked(web))
    assert len(web.bodies) == 3 + 1
    web.answer = 200
    assert tell_late(instance, hooked(web)) == "notices sent late: 3; not sent yet: 0"
    assert [runs[n].encode() in web.bodies[-3 + n] for n in range(3)] == [True] * 3


def test_what_is_old_or_has_no_way_any_more_is_given_up(
    instance: DagsterInstance, web: Received, mail: Received
) -> None:
    web.answer = 500
    old, of_the_webhook = untold(instance, hooked(web)), ""
    with time_machine.travel(datetime.now(UTC) + GIVE_UP + timedelta(minutes=5), tick=True):
        assert tell_late(instance, hooked(web)) == "notices sent late: 0; not sent yet: 0"
    assert state(instance, old) == "given up"
    of_the_webhook = untold(instance, both(web, mail))
    only_mail = Settings(
        notice_smtp_host=mail.address, notice_mail_to="a@b.c", notice_mail_from="d@e.f"
    )
    tell_late(instance, only_mail)
    assert state(instance, of_the_webhook) == "given up"
    assert (len(web.bodies), len(mail.bodies)) == (2, 1)


def test_nothing_is_sent_where_no_way_is_set(instance: DagsterInstance) -> None:
    assert "EDX_NOTICE_WEBHOOK" in tell_late(instance, Settings())
