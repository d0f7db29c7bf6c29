"""How the server would answer each query, asked a moment before the query itself is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

from edx_assets.resources.store import Collection

_STATEMENTS = {"delete": "deletes", "update": "updates"}


@dataclass(frozen=True)
class Plan:
    """A query and what the server does for it.

    `asked` has its fields with their operators, and those it is sorted by. `looked_at` is the
    number of documents that the server reads, or of keys if those are more, and `found` how many
    of them fit. `stages` are those of the plan.
    """

    collection: Collection
    asked: str
    looked_at: int
    found: int
    stages: frozenset[str]

    def __str__(self) -> str:
        where = ".".join(self.collection)
        steps = ", ".join(sorted(self.stages))
        return f"{where} {self.asked}: {self.looked_at} for {self.found} ({steps})"


class Watch(CommandListener):
    """Explains every query of a client, over another client of the same server."""

    def __init__(self, client: MongoClient[dict[str, Any]]) -> None:
        self._client = client
        self.plans: list[Plan] = []
        self.failures: list[str] = []
        """A listener must not raise: pymongo would only print it."""

    def started(self, event: CommandStartedEvent) -> None:
        try:
            for query in _queries(event.command_name, event.command):
                name = event.command[event.command_name]
                self.plans.append(self._plan(Collection(event.database_name, name), query))
        except Exception as error:
            self.failures.append(f"{event.command_name} in {event.database_name}: {error!r}")

    def succeeded(self, event: CommandSucceededEvent) -> None: ...

    def failed(self, event: CommandFailedEvent) -> None: ...

    def _plan(self, collection: Collection, query: dict[str, Any]) -> Plan:
        find = {"find": collection.name} | query
        told = self._client[collection.database].command(
            "explain", find, verbosity="executionStats"
        )
        done = told["executionStats"]
        return Plan(
            collection,
            " by ".join([_shape(query.get("filter", {})), *query.get("sort", ())]),
            max(done["totalDocsExamined"], done["totalKeysExamined"]),
            done["nReturned"],
            frozenset(_stages(told["queryPlanner"]["winningPlan"])),
        )


def _queries(name: str, command: Any) -> Iterator[dict[str, Any]]:
    """The queries of a command, as arguments of `find`: of many statements alike the first.

    A count of all is none: the server's books answer that.
    """
    if name == "find":
        yield {part: command[part] for part in ("filter", "sort", "hint") if command.get(part)}
    elif name == "aggregate":
        yield {"filter": command["pipeline"][0].get("$match", {})}
    elif name == "count" and command.get("query"):
        yield {"filter": command["query"]}
    elif name in _STATEMENTS:
        yield {"filter": command[_STATEMENTS[name]][0]["q"]}


def _shape(query: Any) -> str:
    """A query's fields with their operators, without the values."""
    told = []
    for field, value in sorted(query.items()):
        if field == "$or":
            told.append(f"{field}({', '.join(sorted({_shape(each) for each in value}))})")
        elif isinstance(value, dict) and "$exists" in value:
            told.append("any $exists")
        elif isinstance(value, dict) and any(name.startswith("$") for name in value):
            told.append(f"{field} {' '.join(sorted(value))}")
        else:
            told.append(field)
    return f"{{{', '.join(told)}}}"


def _stages(plan: dict[str, Any]) -> Iterator[str]:
    yield plan["stage"]
    for inner in (plan.get("inputStage"), *plan.get("inputStages", ())):
        if inner:
            yield from _stages(inner)
