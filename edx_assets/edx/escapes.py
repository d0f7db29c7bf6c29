r"""A text with its escapes undone, and where each of its characters was. Its words: `mentions`.

Escapes are JSON's (`\n`, `\u00e9`), those of URLs (`%40`), and HTML's (`&#64;`).
"""

import html
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from urllib.parse import unquote

_ROUNDS = 3  # of escapes within escapes

_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r'|\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt])'
    r"|%[0-7][0-9a-fA-F]|%[cdCD][0-9a-fA-F]%[89abAB][0-9a-fA-F]"
    r"|%[eE][0-9a-fA-F](?:%[89abAB][0-9a-fA-F]){2}|%[fF][0-7](?:%[89abAB][0-9a-fA-F]){3}"
    r"|&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});"
)


class View:
    """A text with its escapes undone, and where its characters are in the text itself."""

    def __init__(self, text: str, below: "View | None" = None) -> None:
        self.below = below
        self.at: list[int] = []  # of what was escaped, here
        self.was: list[tuple[int, int]] = []  # and in the view below
        if below is None:
            self.text = text
            return
        parts, done, length = [], 0, 0
        for escape in _ESCAPE.finditer(text):
            length += escape.start() - done
            self.at.append(length)
            self.was.append(escape.span())
            parts += [text[done : escape.start()], _unescaped(escape[0])]
            length += 1
            done = escape.end()
        self.text = "".join([*parts, text[done:]])

    def is_new(self, start: int, end: int) -> bool:
        """Whether the view below does not have the same here: something was escaped."""
        if self.below is None:
            return True
        return bisect_left(self.at, start - 1) < bisect_right(self.at, end)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of this view is in the text itself; escapes as a whole."""
        view = self
        while view.below is not None:
            start, end = view._below(start)[0], view._below(end - 1)[1]
            view = view.below
        return start, end

    def _below(self, at: int) -> tuple[int, int]:
        """The place of a character in the view below."""
        index = bisect_right(self.at, at) - 1
        if index < 0:
            return at, at + 1
        if self.at[index] == at:
            return self.was[index]
        start = self.was[index][1] + at - self.at[index] - 1
        return start, start + 1


_UNDO: dict[str, Callable[[str], str]] = {
    "\\": lambda escape: str(json.loads(f'"{escape}"')),
    "%": unquote,
    "&": html.unescape,
}


def _unescaped(escape: str) -> str:
    """The one character that an escape stands for; a space where it is none."""
    found = _UNDO[escape[0]](escape)
    return found if len(found) == 1 else " "


def views(text: str) -> Iterator[View]:
    """The text, then with its escapes undone, and so on while there are some within them."""
    view = View(text)
    yield view
    for _round in range(_ROUNDS):
        text = view.text
        if not ("\\" in text or "%" in text or "&" in text) or not _ESCAPE.search(text):
            return
        view = View(view.text, view)
        yield view
