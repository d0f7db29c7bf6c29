"""How much memory and time a large member of a package takes: run me with the `dev` extra.

A courseware_studentmodule of the given size is encrypted, zipped, and loaded as the stage does: out
of the zip through gpg into the storage, and from there into the embedded store. Printed are the
peak memory of this process and of the gpg it starts, and the rates.
"""

import argparse
import json
import os
import resource
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

from edx_assets.edx.tables import TableReader
from edx_assets.loading.courses.rows import RowCounts, encoded
from edx_assets.loading.entries import CourseFiles, PackageMember
from edx_assets.loading.packages.members import course_file
from edx_assets.local.embedded_store import embedded_store
from edx_assets.local.sample.delivery import new_key
from edx_assets.resources.gnupg import Gnupg
from edx_assets.resources.mongo import connect
from edx_assets.resources.storage import Storage
from edx_assets.resources.store import Collection

HEADER = "id module_type module_id student_id state grade created modified max_grade done course_id"
MEMBER = "BigX-B101-2014-courseware_studentmodule-prod-analytics.sql.gpg"
PACKAGE = CourseFiles(date="2014-02-09", file="bigx-2014-02-09.zip", site="edx", prefix="BigX")


def rows(size: int, width: int) -> Iterator[bytes]:
    """A table of about `size` bytes, its states of about `width`, one of them of 4 MB."""
    yield HEADER.replace(" ", "\t").encode() + b"\n"
    written = number = 0
    while written < size:
        number += 1
        length = 4_000_000 if number == 100 else width
        state = json.dumps({"seed": number, "student_answers": {"x_2_1": 'a "b"' * (length // 6)}})
        cells = [number, "problem", "i4x://BigX/B101/problem/p", number % 999, state, 1.0]
        told = "2014-02-03 10:00:00"
        line = "\t".join(
            str(cell).replace("\\", "\\\\") for cell in [*cells, told, told, 1.0, "na", "BigX"]
        )
        written += len(line) + 1
        yield line.encode() + b"\n"


def main() -> None:
    """Make the member, load it, print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=1 << 30)
    parser.add_argument("--row-bytes", type=int, default=20_000)
    told = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        embedded_store(Path(name) / "mongo") as uri,
    ):
        folder = Path(name)
        os.environ["EDX_GPG_PASSPHRASE_FILE"] = str(folder / "passphrase")
        with (folder / "plain").open("wb") as plain:
            plain.writelines(rows(told.bytes, told.row_bytes))
        encrypted = str(folder / "encrypted")
        with (folder / "plain").open("rb") as plain, new_key(folder) as key:
            key.gpg.encrypt_file(
                plain, key.fingerprint, armor=False, always_trust=True, output=encrypted
            )
        storage = Storage(place=str(folder / "storage"))
        with (
            storage.writing("packages/2014-02-09/package.zip") as path,
            zipfile.ZipFile(path, "w") as archive,
        ):
            archive.write(encrypted, MEMBER)
        gnupg = Gnupg(home=str(folder / "gnupg"))
        size = (folder / "plain").stat().st_size
        member = PackageMember(table="courseware_studentmodule", member=MEMBER, bytes=size)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.monotonic()
        with course_file(storage, gnupg, PACKAGE, member) as path:
            decrypted = time.monotonic() - started
            counts = RowCounts()
            store = connect(uri)
            with path.open("rb") as lines, store.replacing(Collection("BigX", "big")) as staging:
                table = TableReader(lines, "courseware_studentmodule")
                for _batch in store.insert_all(staging, encoded(table, counts, [])):
                    pass
                loaded = time.monotonic() - started - decrypted
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"member: {size / 2**20:.0f} MiB, {counts.rows} rows")  # noqa: T201
        print(f"decrypted out of the zip: {size / 2**20 / decrypted:.0f} MiB/s")  # noqa: T201
        print(f"loaded: {size / 2**20 / loaded:.0f} MiB/s")  # noqa: T201
        print(f"peak memory: {peak / 1024:.0f} MiB ({before / 1024:.0f} before)")  # noqa: T201


if __name__ == "__main__":
    main()
