"""An institution full of marked words, what is run on it, and what that leaves behind."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from bson import encode
from dagster import DagsterInstance
from pymongo import MongoClient

from edx_assets.local.embedded_s3 import s3_client
from edx_assets_tests.automation.received import Received, web_server
from edx_assets_tests.institution import Institution, gpg_key, s3_server
from edx_assets_tests.leaks.marks import Marks, found_below
from edx_assets_tests.leaks.planted import deliver
from edx_assets_tests.leaks.watching import watched_processes
from edx_assets_tests.local.processes import ROOT
from edx_assets_tests.resources.secured import server_with_users

_PATIENCE = 600  # seconds for a process that would otherwise never end
_MATERIALIZE = ("-m", "dagster", "asset", "materialize", "-m", "edx_assets.definitions")


@dataclass
class Scene:
    """A folder with everything in it, and what came of the runs.

    Attributes:
        folder: all that is left behind is in here, and in the GnuPG home.
        ended: of each run, why it failed; empty where it succeeded.
        codes: exit codes of the commands.
        loaded: the words that are in the databases, where they belong.
        elsewhere: places with a word that are no files: command lines, notices.
    """

    folder: Path
    marks: Marks
    environment: dict[str, str]
    ended: dict[str, str] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    elsewhere: set[str] = field(default_factory=set)

    def leaks(self) -> list[str]:
        """Every place with a word, but for the storage, the databases and what was delivered."""
        exempt = [self.folder / name for name in ("delivered", "mongo", "storage")]
        home = Path(self.environment["EDX_GNUPG_HOME"])
        return [
            *found_below(self.folder, self.marks, exempt),
            *found_below(home, self.marks),
            *sorted(self.elsewhere),
        ]

    def start(self, name: str, *command: str, **variables: str) -> "subprocess.Popen[bytes]":
        """Start a Python process; what it prints goes to `output/NAME`."""
        with (self.folder / "output" / name).open("wb") as output:
            return subprocess.Popen(
                [sys.executable, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder / "work",
                env=self.environment | variables,
            )


@contextmanager
def played(folder: Path) -> Iterator[Scene]:
    """The scene after everything has been run."""
    for name in ("delivered", "mongo", "bin", "dagster", "home", "output", "tmp", "work"):
        (folder / name).mkdir(mode=0o700)
    shutil.copy(str(files("edx_assets") / "dagster.yaml"), folder / "dagster" / "dagster.yaml")
    marks = Marks()
    passphrase, password = marks("the passphrase"), marks("the database's password")
    with ExitStack() as opened:
        gpg, fingerprint = opened.enter_context(gpg_key(passphrase))
        endpoint = opened.enter_context(s3_server(folder / "delivered" / "buckets"))
        mongo = opened.enter_context(server_with_users(folder / "mongo", password))
        web = opened.enter_context(web_server())
        web.answer = 500
        instance = opened.enter_context(DagsterInstance.ephemeral())
        deliver(
            Institution(gpg, fingerprint, s3_client(endpoint), instance, folder / "delivered"),
            marks,
        )
        environment = {
            **os.environ,
            **_settings(folder, marks, web),
            "EDX_GNUPG_HOME": str(gpg.gnupghome),
            "EDX_GPG_PASSPHRASE": passphrase,
            "EDX_MONGO_URI": f"mongodb://czar:{password}@{mongo}/",
            "EDX_S3_ENDPOINT_URL": endpoint,
        }
        scene = Scene(folder, marks, environment)
        with watched_processes(marks) as scene.elsewhere:
            _run_all(scene)
        scene.ended = json.loads((folder / "work" / "ended.json").read_text(encoding="utf-8"))
        scene.loaded = _in_databases(environment["EDX_MONGO_URI"], marks)
        notices = (f"a notice, {told}" for body in web.bodies for told in marks.told(body))
        scene.elsewhere.update(notices)
        assert web.bodies, "no notice has reached the web server"
        yield scene


def _settings(folder: Path, marks: Marks, web: Received) -> dict[str, str]:
    courses = folder / "delivered" / "courses.yaml"
    courses.write_text(f"courses: [{marks('a courses file')}\n- x: }}\n", encoding="utf-8")
    return {
        "PATH": f"{_noting_gpg(folder)}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "DAGSTER_HOME": str(folder / "dagster"),
        "AWS_ACCESS_KEY_ID": marks("the AWS key's id"),
        "AWS_SECRET_ACCESS_KEY": marks("the AWS key"),
        "AWS_DEFAULT_REGION": "us-east-1",
        "EDX_ORG": "TestX",
        "EDX_STORAGE": str(folder / "storage"),
        "EDX_START_DATE": "2014-02-03",
        "EDX_END_DATE": "2014-02-28",
        "EDX_MAX_LINE_MB": "1",
        "EDX_RETRY_SECONDS": "1",
        "EDX_NOTICE_SMTP_HOST": "127.0.0.1:1",
        "EDX_NOTICE_SMTP_USER": "czar",
        "EDX_NOTICE_SMTP_PASSWORD": marks("the mail server's password"),
        "EDX_NOTICE_MAIL_TO": "czar@example.edu",
        "EDX_NOTICE_MAIL_FROM": "edx@example.edu",
        "EDX_NOTICE_WEBHOOK": f"{web.address}/{marks('the address of the webhook')}",
        "EDX_TEST_COURSES_FILE": str(courses),
    }


def _noting_gpg(folder: Path) -> Path:
    """A folder for the PATH whose gpg notes how it is called: it may end before anybody looks."""
    for program in ("gpg", "gpgconf"):
        wrapper = folder / "bin" / program
        log = folder / "output" / f"{program}-arguments"
        real = shutil.which(program)
        wrapper.write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >> "{log}"\nexec {real} "$@"\n')
        wrapper.chmod(0o700)
    return folder / "bin"


def _run_all(scene: Scene) -> None:
    runs = scene.start("runs", "-m", "edx_assets_tests.leaks.runs")
    scene.codes["runs"] = runs.wait(_PATIENCE)
    day = ("--select", "edx/raw_log,edx/daily_log", "--partition", "2014-02-04")
    wrong = {"EDX_MONGO_URI": scene.environment["EDX_MONGO_URI"].replace("@", "x@")}
    commands = {
        "materialize": scene.start("materialize", *_MATERIALIZE, *day),
        "doctor": scene.start("doctor", "-m", "edx_assets.cli.main", "doctor"),
        "status": scene.start("status", "-m", "edx_assets.cli.main", "status", **wrong),
    }
    scene.codes |= {name: command.wait(_PATIENCE) for name, command in commands.items()}


def _in_databases(uri: str, marks: Marks) -> set[str]:
    with MongoClient[dict[str, Any]](uri) as client:
        everything = b"".join(
            encode(document)
            for database in ("tracking_logs", "TestX_T101_2014", "TestX_T102_2014")
            for name in client[database].list_collection_names()
            for document in client[database][name].find()
        )
    return {what for word, what in marks.words.items() if word.encode() in everything}
