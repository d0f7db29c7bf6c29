"""The program that runs nx-27017 in a process of its own: `nx_server.py FOLDER PORT`.

In place of nx-27017's own command line, which logs commands and error texts, and with them what
the documents hold, refuses to start where a file with an old process id was left behind, and does
not rename collections.
"""

import asyncio
import logging
import signal
import sys
from types import FrameType
from typing import Any

from nx_27017.handler import NeoSQLiteHandler
from nx_27017.server import run_server_threaded


class _Databases(NeoSQLiteHandler):  # type: ignore[misc]  # nx-27017 has no types
    """A folder's databases, in which one collection can be put in another's place.

    nx-27017 0.8.1 looks for the collection to rename in the database `admin`, to which the command
    is sent, answers that it was renamed, and leaves `dropTarget` out.
    """

    def handle_command(self, msg: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer a command."""
        bodies = (body for kind, body in msg["sections"] if kind == "body")
        command: dict[str, Any] = next(bodies, {})
        if "renameCollection" in command:
            return msg["request_id"], self._rename(command)
        answer: tuple[int, dict[str, Any]] = super().handle_command(msg)
        return answer

    def _rename(self, command: dict[str, Any]) -> dict[str, Any]:
        (name, old), (target, new) = (
            command[field].split(".", 1) for field in ("renameCollection", "to")
        )
        with self._lock_for(name):
            database = self.get_database(name)
            names = set(database.list_collection_names())
            if name != target:
                return _refused(20, "IllegalOperation", "renamed within a database only")
            if old not in names:
                return _refused(26, "NamespaceNotFound", "there is no such collection")
            if new in names and not command.get("dropTarget"):
                return _refused(48, "NamespaceExists", "there is one of that name")
            with database.transaction():
                database.drop_collection(new)
                database.rename_collection(old, new)
        return {"ok": 1.0}


def _refused(code: int, name: str, text: str) -> dict[str, Any]:
    return {"ok": 0.0, "errmsg": text, "code": code, "codeName": name}


class _WithoutContents(logging.Formatter):
    """Tells where something went wrong, not with what."""

    def format(self, record: logging.LogRecord) -> str:
        kind = record.exc_info[0] if record.exc_info else None
        place = f"{record.pathname}:{record.lineno}"
        error = f" {kind.__name__}" if kind else ""
        return f"{self.formatTime(record)} {record.levelname} {place}{error}"


def _is_failure(record: logging.LogRecord) -> bool:
    """False for the connections that are still open when the server is stopped."""
    return not (record.exc_info and record.exc_info[0] is asyncio.CancelledError)


def _interrupt(number: int, frame: FrameType | None) -> None:
    signal.raise_signal(signal.SIGINT)


def main() -> None:
    """Serve the databases of a folder on 127.0.0.1 until SIGTERM."""
    folder, port = sys.argv[1], int(sys.argv[2])
    # asyncio cancels its tasks in good order on SIGINT only, and only with this handler, which
    # Python leaves out where the parent ignored SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _interrupt)
    handler = logging.StreamHandler()
    handler.setFormatter(_WithoutContents())
    handler.addFilter(_is_failure)
    logging.basicConfig(level=logging.ERROR, handlers=[handler])
    databases = _Databases(data_dir=folder)
    try:
        run_server_threaded("127.0.0.1", port, databases, use_threading=False)
    except KeyboardInterrupt:
        pass
    finally:
        databases.close_all()


if __name__ == "__main__":
    main()
