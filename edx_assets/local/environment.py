"""The environment of the demo: embedded servers, the sample institution, and settings to them."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from pathlib import Path

from edx_assets.local.delivered_days import newest_day
from edx_assets.local.embedded_s3 import embedded_s3
from edx_assets.local.embedded_store import embedded_store
from edx_assets.local.sample.delivery import EVENTS_BUCKET, PACKAGES_BUCKET
from edx_assets.local.shared_process import ServerError

_UNSET = (
    "EDX_DATASETS",
    "EDX_GEOIP_DB",
    "EDX_GPG_PASSPHRASE",
    "EDX_KEEP_DECRYPTED_DAYS",
    "EDX_KEEP_PACKAGES",
    "EDX_KEEP_RAW_DAYS",
    "EDX_MAX_LINE_MB",
    "EDX_NOTICE_MAIL_FROM",
    "EDX_NOTICE_MAIL_TO",
    "EDX_NOTICE_SMTP_HOST",
    "EDX_NOTICE_SMTP_PASSWORD",
    "EDX_NOTICE_SMTP_PASSWORD_FILE",
    "EDX_NOTICE_SMTP_TLS",
    "EDX_NOTICE_SMTP_USER",
    "EDX_NOTICE_WEBHOOK",
    "EDX_RETIRE",
    "EDX_RETRY_SECONDS",
    "EDX_SCRATCH",
    "EDX_STORAGE_ENDPOINT_URL",
    "EDX_STORAGE_PROFILE",
    "EDX_UI_URL",
)
"""Settings that the demo does not use. Left out, they would be read from `.env`."""


def has_institution(data: Path) -> bool:
    """Whether a data folder holds a sample institution that is complete."""
    return (data / "institution" / "manifest.json").is_file()


def require_institution(data: Path) -> None:
    """See that there is one.

    Raises:
        ServerError: there is none.
    """
    if not has_institution(data):
        raise ServerError(
            f"There is no sample institution in {data}: first run `edx-assets demo` (make demo), or"
            " name the demo's folder (--data)"
        )


@contextmanager
def local_environment(data: Path, mongo_uri: str | None = None) -> Iterator[dict[str, str]]:
    """Start (or share) the embedded servers over a data folder, and point this process at them.

    Args:
        data: folder that holds `institution`, a sample institution.
        mongo_uri: a store to use in place of the embedded one.

    Yields:
        The variables that are set: every setting of the project, so that none of a real
        institution in `.env` can get in; AWS's; and DAGSTER_HOME.
    """
    data = data.resolve()
    institution = data / "institution"
    home = data / "dagster"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy(str(files("edx_assets") / "dagster.yaml"), home / "dagster.yaml")
    with ExitStack() as servers:
        endpoint = servers.enter_context(embedded_s3(institution / "buckets"))
        store = mongo_uri or servers.enter_context(embedded_store(data / "mongo"))
        variables = {
            **dict.fromkeys(_UNSET, ""),
            "DAGSTER_HOME": str(home),
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "EDX_ORG": "McGillX",
            "EDX_EVENTS_BUCKET": EVENTS_BUCKET,
            "EDX_PACKAGES_BUCKET": PACKAGES_BUCKET,
            "EDX_S3_ENDPOINT_URL": endpoint,
            "EDX_STORAGE": str(data / "storage"),
            "EDX_GNUPG_HOME": str(institution / "gnupg"),
            "EDX_GPG_PASSPHRASE_FILE": str(institution / "passphrase"),
            "EDX_MONGO_URI": store,
            "EDX_MONGO_URI_FILE": "",
            "EDX_DATABASE_PREFIX": "",
            "EDX_COURSES_FILE": str(institution / "courses.yaml"),
            "EDX_START_DATE": "2014-02-03",
            # later days are not missing: the sample has none of them
            "EDX_END_DATE": str(newest_day(endpoint) or ""),
            "EDX_AUTOMATION": "true",  # what ticks is `dagster dev`: the demo itself has no daemon
        }
        before = {name: os.environ.get(name) for name in variables}
        os.environ.update(variables)
        try:
            yield variables
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
