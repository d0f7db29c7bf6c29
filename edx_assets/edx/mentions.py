r"""Mentions: the words of a text that can be an identifier. Whose they are is not known here.

A username holds letters, digits and `_ - . + @ '`, and its neighbours in a text can be the same
characters. So each word is told with and without them: of `@mary_b.`, among others, `@mary_b`,
`mary_b` and `mary`. Where the text has escapes, the words behind them are told too: JSON's (`\n`,
`\u00e9`, also within each other), those of URLs (`%40`) and of HTML (`&#64;`).

Not found: what is put together otherwise (base64, `mary at example.org`, `<b>ma</b>ry`), and words
without any letter or digit.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator

from edx_assets.edx.escapes import views

Mention = tuple[int, int, str]
"""Where it begins in the text and where it ends, and the word as `folded` gives it."""

LONGEST = 254
"""Characters of the longest word that is told: no e-mail address is longer (RFC 5321)."""
_PIECES = 12  # a longer word is told only where it stands alone
_EDGE = 3  # marks at each end that can belong to a word
_GAP = 4  # characters between the words of a name

# scripts without spaces: each character is a piece, so that `我是mary` has `mary`
_ALONE = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30fa\u30fc-\u31ff\u3400-\u9fff"
    r"\uac00-\ud7a3\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# marks within words, which `\w` leaves out: accents, vowels of Hebrew, Arabic, and India's scripts
_MARKS = (
    r"\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    r"\u06d6-\u06ed\u0900-\u0963\u0966-\u0dff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_LETTER = rf"[^\W_{_ALONE}]"
_PIECE = re.compile(rf"{_LETTER}+(?:[{_MARKS}]+{_LETTER}*)*|[{_ALONE}]")
# in texts of ASCII alone, where that is four times as fast as the pattern
_ASCII_MARKS = {at: " " for at in range(128) if not chr(at).isalnum()}
_RUN = re.compile(rf"[\w.@+'\-{_MARKS}{_ALONE}]+")
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]+(?:\.[\w-]+)+")


def folded(word: str) -> str:
    """A word without regard to case, or to how its accents and wide letters are encoded."""
    if word.isascii():
        return word.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", word).casefold())


def folded_name(name: str) -> str:
    """A name as `names` tells it: its words, with one space between them."""
    return " ".join(folded(piece) for piece in _PIECE.findall(name))


def pieces(text: str) -> set[str]:
    """The folded pieces (letters and digits) of all words of a text: a quick first question.

    A word is told of the text only if each of its own pieces is among them.
    """
    found: set[str] = set()
    for view in views(text):
        if view.text.isascii():
            found.update(view.text.lower().translate(_ASCII_MARKS).split())
        else:
            found.update(map(folded, _PIECE.findall(view.text)))
    return found


def mentions(text: str) -> Iterator[Mention]:
    """The words of a text, which overlap; of those that stand together, the longest first."""
    for view in views(text):
        for run in _RUN.finditer(view.text):
            if not view.is_new(*run.span()):
                continue
            word = run[0]
            if word.isascii() and word.isalnum():  # as most are
                if len(word) <= LONGEST:
                    yield *view.place(*run.span()), word.lower()
                continue
            for start, end in _words(word):
                place = view.place(run.start() + start, run.start() + end)
                yield *place, folded(word[start:end])
        if "@" in view.text:
            for email in _EMAIL.finditer(view.text):
                if len(email[0]) <= LONGEST and not _RUN.fullmatch(email[0]):
                    yield *view.place(*email.span()), folded(email[0])


def names(text: str, most: int) -> Iterator[Mention]:
    """Two and more words that follow each other, up to `most`, as `folded_name` gives them.

    What is between them (spaces, a comma, a line's end) does not count.
    """
    for view in views(text):
        found = [piece.span() for piece in _PIECE.finditer(view.text)]
        words = [folded(view.text[start:end]) for start, end in found]
        for first, (start, end) in enumerate(found):
            last = first + 1
            while last < min(len(found), first + most) and found[last][0] - end <= _GAP:
                end = found[last][1]
                last += 1
            for upto in range(last, first + 1, -1):
                if view.is_new(start, found[upto - 1][1]):
                    yield *view.place(start, found[upto - 1][1]), " ".join(words[first:upto])


def replaced(text: str, found: list[tuple[int, int, str]]) -> str:
    """The text with other words in these places; where they overlap, the longest counts."""
    kept: list[tuple[int, int, str]] = []
    for each in sorted(found, key=lambda f: (f[0] - f[1], f[0])):
        at = bisect_left(kept, each)
        free_before = not at or kept[at - 1][1] <= each[0]
        if free_before and (at == len(kept) or each[1] <= kept[at][0]):
            kept.insert(at, each)
    parts, done = [], 0
    for start, end, word in kept:
        parts += [text[done:start], word]
        done = end
    return "".join([*parts, text[done:]])


def _words(run: str) -> Iterator[tuple[int, int]]:
    """The places of the words in a run of letters, digits and marks."""
    found = [piece.span() for piece in _PIECE.finditer(run)]
    if not found:
        return
    starts, ends = [], []
    for at, (start, end) in enumerate(found):
        # between two pieces, one mark has to stay between the words
        before = start - found[at - 1][1] - 1 if at else start
        after = found[at + 1][0] - end - 1 if at + 1 < len(found) else len(run) - end
        starts.append([start - more for more in range(min(max(before, 0), _EDGE) + 1)])
        ends.append([end + more for more in range(min(max(after, 0), _EDGE) + 1)])
    places = {
        (start, end)
        for first in range(len(found))
        for last in range(first, min(len(found), first + _PIECES))
        for start in starts[first]
        for end in ends[last]
    }
    places |= {(starts[0][0], ends[-1][0]), (0, len(run))}
    for start, end in sorted(places, key=lambda place: (place[0] - place[1], place)):
        if end - start <= LONGEST:
            yield start, end
