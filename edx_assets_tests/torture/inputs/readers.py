"""Every reader that the fuzzers try, by name."""

from edx_assets_tests.torture.inputs import (
    of_archives,
    of_events,
    of_gpg,
    of_names,
    of_structures,
    of_tables,
)
from edx_assets_tests.torture.inputs.reader import Reader

READERS: dict[str, Reader] = {
    reader.name: reader
    for module in (of_events, of_tables, of_names, of_structures, of_archives, of_gpg)
    for reader in module.READERS
}
