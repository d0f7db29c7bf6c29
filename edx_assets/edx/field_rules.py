"""Which class each field of a document has, by its path: the patterns of `personal`, followed.

A pattern's `*` is any one name, `**` any number of them. A document's many fields share few paths,
so each step is worked out once.
"""

from collections.abc import Mapping

from edx_assets.edx.personal import NONE, Kind, Personal

_RANK = [Kind.NONE, Kind.QUASI, Kind.SENSITIVE, Kind.FREE_TEXT, Kind.IDENTIFIER]
_Place = tuple[tuple[str, ...], Personal]  # what remains of a pattern, and its class


class Field:
    """A place in a document. `personal` is its class; what has none of its own has that above.

    A class of what is above counts only if it is free text: anything can be below.
    """

    def __init__(
        self, places: frozenset[_Place], above: Personal, known: dict[object, "Field"]
    ) -> None:
        self._places = places
        self._known = known
        self._next: dict[str, Field] = {}
        ended = [personal for rest, personal in places if not rest or rest == ("**",)]
        inherited = above if above.kind == Kind.FREE_TEXT else NONE
        self.personal = max(ended, key=lambda p: _RANK.index(p.kind), default=inherited)

    def below(self, name: str) -> "Field":
        """The field of this name in the object that is here."""
        found = self._next.get(name)
        if found is None:
            places = _closed(_step(self._places, name))
            above = self.personal
            found = self._known.setdefault((places, above), Field(places, above, self._known))
            if len(self._next) < 10_000:  # names can be anything, too
                self._next[name] = found
        return found


def document_field(patterns: Mapping[str, Personal]) -> Field:
    """The whole document, given the classes by pattern."""
    places = {(tuple(path.split(".")), personal) for path, personal in patterns.items()}
    return Field(_closed(places), NONE, {})


def _step(places: frozenset[_Place], name: str) -> set[_Place]:
    found = set()
    for rest, personal in places:
        if rest and rest[0] == "**":
            found.add((rest, personal))
        elif rest and rest[0] in ("*", name):
            found.add((rest[1:], personal))
    return found


def _closed(places: set[_Place]) -> frozenset[_Place]:
    """Places, and those with nothing in place of `**`."""
    return frozenset(places | {(rest[1:], p) for rest, p in places if rest and rest[0] == "**"})
