"""Putting files into the demo's buckets, named and encrypted as edX does it.

Following them into the courses belongs in `cli.delivered`.
"""

import gzip
import json
import re
import zlib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from edx_assets.local.delivered_days import log_of_day, newest_day
from edx_assets.local.embedded_s3 import s3_client
from edx_assets.local.sample.calendar import FIRST_DAY, ORG, SITES
from edx_assets.local.sample.delivery import (
    EVENTS_BUCKET,
    PACKAGES_BUCKET,
    Key,
    log_key,
    made_key,
    packed,
)
from edx_assets.local.sample.later_day import log_of, make_day

MORE_EVENTS = 25
"""How many events a corrected day has that its first file lacks, at most."""

_LOG = re.compile(r"(?:.+-)?(edx|ex|prod|edge)-events-(\d{4}-\d{2}-\d{2})\.log(\.gz)?(\.gpg)?")
_PACKAGE = re.compile(rf"{ORG}-\d{{4}}-\d{{2}}-\d{{2}}\.zip")
_GZIP = b"\x1f\x8b"


class UndeliverableError(RuntimeError):
    """A file cannot be delivered as it is; the message says what to do."""


@dataclass(frozen=True)
class Delivery:
    """An object that was put into a bucket; `day` is None if it is no tracking log."""

    bucket: str
    key: str
    etag: str
    site: str = ""
    day: date | None = None
    lines: int | None = None  # None: nobody counted

    @property
    def name(self) -> str:
        """Its base name."""
        return self.key.rpartition("/")[2]


@dataclass(frozen=True)
class Demo:
    """A demo whose S3 server runs."""

    institution: Path
    endpoint_url: str

    @property
    def parameters(self) -> dict[str, int]:
        """Those that the sample was made with."""
        manifest = json.loads((self.institution / "manifest.json").read_text(encoding="utf-8"))
        parameters: dict[str, int] = manifest["parameters"]
        return parameters


def deliver_new_day(demo: Demo, broken: bool = False) -> list[Delivery]:
    """The day after the newest, of both sites; if broken, edx's file is cut in the middle.

    Raises:
        EncryptionError: gpg failed.
    """
    day = (newest_day(demo.endpoint_url) or FIRST_DAY - timedelta(1)) + timedelta(1)
    done = []
    with made_key(demo.institution) as key:
        for site in reversed(SITES):  # edx last: with it, the day is there
            lines = [event.line() for event in make_day(demo.parameters, site, day)]
            content = key.encrypted(packed(log_of(lines)))
            if broken and site == SITES[0]:
                content = content[: len(content) // 2]
            place = log_key(site, day, f"{ORG}-{site}-events-{day}.log.gz.gpg")
            done.append(_put(demo, EVENTS_BUCKET, place, content, site, day, len(lines)))
    return done


def deliver_correction(demo: Demo) -> list[Delivery]:
    """The newest day of edx again: whole, if it was broken, and with some more events.

    Raises:
        EncryptionError: gpg failed.
        UndeliverableError: there is no day.
    """
    site, day = SITES[0], newest_day(demo.endpoint_url)
    place = log_of_day(demo.endpoint_url, site, day) if day else None
    if day is None or place is None:
        raise UndeliverableError(
            "the newest day has no tracking log of edx: deliver one first (--new-day)"
        )
    stored = s3_client(demo.endpoint_url).get_object(Bucket=EVENTS_BUCKET, Key=place)
    with made_key(demo.institution) as key:
        lines = _lines(demo, key, stored["Body"].read())
        if lines is None:
            lines = [event.line() for event in make_day(demo.parameters, site, day)]
        more = make_day(demo.parameters, site, day, turn=len(lines))[:MORE_EVENTS]
        lines += [event.line() for event in more]
        content = key.encrypted(packed(log_of(lines)))
        return [_put(demo, EVENTS_BUCKET, place, content, site, day, len(lines))]


def deliver_file(demo: Demo, file: Path, site: str | None, day: date | None) -> list[Delivery]:
    """A file of one's own: a package, or a tracking log, plain, compressed or encrypted.

    Raises:
        EncryptionError: gpg failed.
        OSError: it cannot be read.
        UndeliverableError: its name tells neither, or its day cannot be in the demo.
    """
    if _PACKAGE.fullmatch(file.name):
        return [_put(demo, PACKAGES_BUCKET, file.name, file.read_bytes())]
    named = _LOG.fullmatch(file.name)
    if named:
        site = site or ("edge" if named[1] == "edge" else "edx")
        day = day or _date(named[2])
    if site is None or day is None:
        raise UndeliverableError(
            f"{file.name} tells neither its site nor its day: name it"
            f" {ORG}-edx-events-2014-03-10.log, or give --site and --day (a package is named"
            f" {ORG}-2014-03-16.zip)"
        )
    if day < FIRST_DAY:
        raise UndeliverableError(f"{day} is before the demo's first day, {FIRST_DAY}: give --day")
    content = file.read_bytes()
    if not (named and named[4]):
        content = content if content.startswith(_GZIP) else packed(content)
        with made_key(demo.institution) as key:
            content = key.encrypted(content)
    there = log_of_day(demo.endpoint_url, site, day)  # it may have another word for the site
    place = there or log_key(site, day, f"{ORG}-{site}-events-{day}.log.gz.gpg")
    return [_put(demo, EVENTS_BUCKET, place, content, site, day)]


def _lines(demo: Demo, key: Key, content: bytes) -> list[bytes] | None:
    """The lines of a log as it was delivered; None if it is broken."""
    plain = key.decrypted(content, (demo.institution / "passphrase").read_text(encoding="utf-8"))
    try:
        log = None if plain is None else gzip.decompress(plain)
    except (OSError, EOFError, zlib.error):
        return None
    if not log:
        return None if log is None else []
    return log.removesuffix(b"\n").split(b"\n")


def _put(
    demo: Demo,
    bucket: str,
    key: str,
    content: bytes,
    site: str = "",
    day: date | None = None,
    lines: int | None = None,
) -> Delivery:
    """Put an object into the running server, and into the folder that fills the next one."""
    path = demo.institution / "buckets" / bucket / key
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = demo.institution / "delivery.part"  # not among the buckets' own files
    unfinished.write_bytes(content)
    unfinished.replace(path)
    client: Any = s3_client(demo.endpoint_url)
    etag = client.put_object(Bucket=bucket, Key=key, Body=content)["ETag"].strip('"')
    return Delivery(bucket, key, etag, site, day, lines)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
