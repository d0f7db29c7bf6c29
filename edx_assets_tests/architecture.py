"""The rules of who imports whom, read from the source: nothing is imported to check them.

Each rule returns what offends it, a line each, for any tree of sources.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "edx_assets"

LAYERS: tuple[set[str], ...] = (
    {"cli", "definitions"},
    {"automation", "checks", "export_job", "jobs", "release_job", "retire_job"},
    {"assets"},
    {"exports", "reports"},
    {"datasets"},
    {"loading"},
    {"resources"},
    {"edx"},
)
"""From top to bottom: a module imports its own layer and lower ones."""
LEAVES = {
    "errors": set[str](),
    "settings": {"errors", "setting_forms"},
    "setting_forms": set[str](),
    "partitions": set[str](),
    "dagster_internals": set[str](),
}
"""What any layer but the lowest may import, and what of ours these import themselves."""
LOCAL = "local"
"""The embedded servers and the sample: beside the layers, for the command line alone."""

_LEVEL = {part: level for level, layer in enumerate(LAYERS) for part in layer}
_PRIVATE = re.compile(r"dagster\w*(\.\w+)*\._(?!_)|dagster_shared\b")


@dataclass(frozen=True)
class Import:
    """A name that a module imports, or reaches through one that it has imported."""

    module: str
    line: int
    name: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.name}"

    @property
    def importer(self) -> str:
        """The part of the package that imports: `loading` of `edx_assets.loading.ledger`."""
        return _part(self.module)

    @property
    def imported(self) -> str:
        """The part of the package that is imported, or an empty string."""
        return _part(self.name)

    def is_of(self, *packages: str) -> bool:
        """Whether what is imported is one of these packages or modules, or in one."""
        return _is_in(self.name, *packages)


class Sources:
    """The modules below a folder that belong to some packages, and all that they import."""

    def __init__(self, root: Path, *packages: str) -> None:
        self.files = {
            ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
            for package in packages
            for path in sorted((root / package).rglob("*.py"))
        }
        self.imports = [
            found for module, path in self.files.items() for found in _imports(module, path)
        ]

    def of(self, *packages: str) -> list[Import]:
        """What the modules of these packages import."""
        return [found for found in self.imports if _is_in(found.module, *packages)]


def _part(name: str) -> str:
    first, _dot, rest = name.partition(".")
    return rest.partition(".")[0] if first == PACKAGE else ""


def _is_in(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _imports(module: str, path: Path) -> Iterator[Import]:
    folder = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                yield Import(module, node.lineno, f"{source}.{alias.name}")
        elif isinstance(node, ast.Attribute) and _PRIVATE.match(ast.unparse(node)):
            yield Import(module, node.lineno, ast.unparse(node))


def told(offending: list[Import]) -> list[str]:
    """Imports for a message, a line each."""
    return [str(found) for found in offending]


def without_place(sources: Sources) -> list[str]:
    """Parts of the package that the layers do not name."""
    known = {*_LEVEL, *LEAVES, LOCAL, ""}
    return sorted({_part(module) for module in sources.files if _is_in(module, PACKAGE)} - known)


def upward(sources: Sources) -> list[str]:
    """Imports of a higher layer."""
    return told(
        [
            found
            for found in sources.of(PACKAGE)
            if found.importer in _LEVEL
            and found.imported in _LEVEL
            and _LEVEL[found.imported] < _LEVEL[found.importer]
        ]
    )


def of_leaves(sources: Sources) -> list[str]:
    """Imports, by the modules that anybody may import, of what they may not import."""
    return told(
        [
            found
            for found in sources.of(PACKAGE)
            if found.importer in LEAVES
            and found.is_of(PACKAGE)
            and found.imported not in LEAVES[found.importer]
        ]
    )


def of_formats(sources: Sources) -> list[str]:
    """Imports by `edx` of anything of ours but itself and the errors, of Dagster or a database."""
    own = f"{PACKAGE}.edx"
    return told(
        [
            found
            for found in sources.of(own)
            if _is_dagster(found)
            or found.is_of("pymongo")
            or (found.is_of(PACKAGE) and not found.is_of(own, f"{PACKAGE}.errors"))
        ]
    )


def dagster_in_loading(sources: Sources) -> list[str]:
    """Imports of Dagster by `loading`, which is to be of use without it."""
    return told([found for found in sources.of(f"{PACKAGE}.loading") if _is_dagster(found)])


def _is_dagster(found: Import) -> bool:
    return found.name.partition(".")[0].startswith("dagster")


def out_of_local(sources: Sources) -> list[str]:
    """Imports by `local` of anything of ours outside, and by its sample of anything but itself."""
    local = f"{PACKAGE}.{LOCAL}"
    sample = f"{local}.sample"
    return told(
        [
            found
            for found in sources.of(local)
            if found.is_of(PACKAGE)
            and not found.is_of(sample if _is_in(found.module, sample) else local)
        ]
    )


def into_local(sources: Sources) -> list[str]:
    """Imports of `local` by anything but the command line."""
    return told(
        [
            found
            for found in sources.of(PACKAGE)
            if found.imported == LOCAL and found.importer not in (LOCAL, "cli")
        ]
    )


def private_dagster(sources: Sources) -> list[str]:
    """Dagster's private names, anywhere but in the one module that is for them."""
    return told(
        [
            found
            for found in sources.imports
            if _PRIVATE.match(found.name) and found.module != f"{PACKAGE}.dagster_internals"
        ]
    )


def cycles(sources: Sources) -> list[str]:
    """Modules of the package that import each other, in a circle."""
    graph: dict[str, set[str]] = {module: set() for module in sources.files}
    for found in sources.of(PACKAGE):
        name = found.name
        while name and name not in graph:
            name = name.rpartition(".")[0]
        if name and name != found.module:
            graph[found.module].add(name)
    circles: list[str] = []
    done: set[str] = set()

    def follow(module: str, path: list[str]) -> None:
        if module in path:
            circles.append(" → ".join([*path[path.index(module) :], module]))
        elif module not in done:
            for imported in sorted(graph[module]):
                follow(imported, [*path, module])
            done.add(module)

    for module in sorted(graph):
        follow(module, [])
    return circles


def without_docstring(sources: Sources) -> list[str]:
    """Modules of the package that do not say what they are."""
    return [
        module
        for module, path in sources.files.items()
        if _is_in(module, PACKAGE)
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]


def longer_than(sources: Sources, lines: int) -> dict[str, int]:
    """Modules with more lines than these, and how many they have."""
    counts = {
        module: len(path.read_text(encoding="utf-8").splitlines())
        for module, path in sources.files.items()
    }
    return {module: count for module, count in counts.items() if count > lines}
