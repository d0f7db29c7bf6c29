"""Where the package asks the store for documents, and which of these places a test has reached."""

import ast
import sys
from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

import edx_assets
from edx_assets.resources.store import Store

_ASKING = ("find", "find_raw", "count", "holds", "tally", "update", "delete")
_PACKAGE = Path(edx_assets.__file__).parent


def places() -> set[str]:
    """The functions that ask `store`, each as module and name; those of the store are left out."""
    found = set()
    for path in sorted(_PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(_PACKAGE.parent).with_suffix("").parts)
        if module != Store.__module__:
            found |= {f"{module}.{name}" for name in _of(ast.parse(path.read_text()), ())}
    return found


def _of(node: ast.AST, within: tuple[str, ...]) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        named = isinstance(child, ast.FunctionDef | ast.ClassDef)
        if (
            isinstance(child, ast.Call)
            and isinstance(child.func, ast.Attribute)
            and child.func.attr in _ASKING
            and isinstance(child.func.value, ast.Name)
            and child.func.value.id == "store"
        ):
            yield ".".join(within)
        yield from _of(child, (*within, child.name) if named else within)  # type: ignore[attr-defined]


def noting_places(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The set to which each function that asks from now on is added."""
    reached: set[str] = set()
    for name in _ASKING:
        monkeypatch.setattr(Store, name, _noting(getattr(Store, name), reached))
    return reached


def _noting(method: Any, reached: set[str]) -> Any:
    @wraps(method)
    def asking(*arguments: Any, **named: Any) -> Any:
        code = sys._getframe(1).f_code
        path = Path(code.co_filename)
        module = ".".join(path.with_suffix("").parts[len(_PACKAGE.parent.parts) :])
        if path.is_relative_to(_PACKAGE):
            inside = [part for part in code.co_qualname.split(".") if part[:1] != "<"]
            reached.add(".".join([module, *inside]))
        return method(*arguments, **named)

    return asking
