"""The demo's environment: no setting comes from elsewhere; the logs end with the newest there."""

from pathlib import Path

from edx_assets.local.embedded_s3 import s3_client
from edx_assets.local.environment import local_environment
from edx_assets.local.sample.delivery import EVENTS_BUCKET
from edx_assets.settings import Settings, load_settings, variable


def test_every_setting_is_the_demos_own(tmp_path: Path) -> None:
    (tmp_path / "institution" / "buckets").mkdir(parents=True)
    names = {variable(name) for name in Settings.model_fields}
    (tmp_path / ".env").write_text("EDX_NOTICE_WEBHOOK=https://chat.example.edu/\n")
    with local_environment(tmp_path, "mongodb://127.0.0.1:9/") as variables:
        assert names <= variables.keys()
        settings = load_settings()
    assert settings.notice_webhook is None
    assert settings.invalid == {}


def test_the_logs_end_with_the_newest_that_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "institution" / "buckets" / EVENTS_BUCKET / "mcgillx"
    for site, day in (("edx", "2014-02-03"), ("edge", "2014-02-05")):
        log = folder / site / "events" / "2014" / f"mcgillx-{site}-events-{day}.log.gz.gpg"
        log.parent.mkdir(parents=True)
        log.write_bytes(b"")
    with local_environment(tmp_path, "mongodb://127.0.0.1:9/") as variables:
        assert variables["EDX_END_DATE"] == "2014-02-05"
        put_later = "mcgillx/edx/events/2014/mcgillx-edx-events-2014-02-06.log.gz.gpg"
        s3 = s3_client(variables["EDX_S3_ENDPOINT_URL"])
        s3.put_object(Bucket=EVENTS_BUCKET, Key=put_later, Body=b"")
        with local_environment(tmp_path, "mongodb://127.0.0.1:9/") as again:
            assert again["EDX_END_DATE"] == "2014-02-06"
