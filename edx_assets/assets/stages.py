"""What the assets share: retries, the form `rebuild`, expected failures, metadata for the UI.

The work of a stage is in `loading`.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetObservation,
    Backoff,
    Config,
    DagsterInstance,
    Failure,
    Jitter,
    MetadataValue,
    RetryPolicy,
    RetryRequested,
)
from pydantic import Field

from edx_assets.assets.plots import PLOTS
from edx_assets.errors import EXPECTED, can_pass, foreseen
from edx_assets.loading.registry import registered_courses
from edx_assets.loading.stage import Metadata
from edx_assets.partitions import courses_partitions
from edx_assets.resources.store import Store
from edx_assets.settings import load_settings

OWNERS = ["team:data-czars"]


def retries() -> RetryPolicy:
    """The only retries: in the run itself, after `EDX_RETRY_SECONDS` and another three times that.

    With the default that is 10 s and 30 s, and a replica set elects a new primary within 12 s. Runs
    are not retried (`dagster.yaml`), and a sensor requests the same file only once. No asset has
    this policy itself: Dagster would also follow it where a run is terminated, which would then go
    on.
    """
    return RetryPolicy(
        max_retries=2,
        delay=load_settings().retry_seconds,
        backoff=Backoff.EXPONENTIAL,
        jitter=Jitter.PLUS_MINUS,
    )


class Rebuild(Config):
    """Whether to make again what exists already."""

    rebuild: bool = Field(False, description="Make it again, even if nothing has changed.")
    anew: bool = Field(False, description="The old name of `rebuild`, still accepted.")

    @property
    def forced(self) -> bool:
        """Whether either is on."""
        return self.rebuild or self.anew


@contextmanager
def plain_failures(context: AssetExecutionContext | None = None) -> Iterator[None]:
    """Turn a stage's failures into Dagster's, with a text that is made for readers.

    Of what nobody foresaw, the text has the class and the place, and the failure keeps the frames
    of the stack, which are lines of code. The exception itself would show learners' data.

    Settings of the days are in the definitions already, where a wrong one has been left out. With
    the context of a step, the step is tried again after a failure that can pass.
    """
    try:
        load_settings().require("start_date", "end_date", "retry_seconds")
        yield
    except (Failure, RetryRequested):
        raise
    except EXPECTED as error:
        failure = Failure(str(foreseen(error)), allow_retries=can_pass(error))
        raised = retried(context, failure) if context else failure
        if context and isinstance(raised, Failure) and context.has_partition_key:
            keys = context.selected_asset_keys
            show_failure(context, keys, context.partition_key, failure.description or "")
        raise raised from raised.__cause__
    except Exception as error:
        failure = Failure(str(foreseen(error)), allow_retries=False)
        raise failure.with_traceback(error.__traceback__) from None


def retried(context: AssetExecutionContext, failure: Failure) -> Failure | RetryRequested:
    """What a step has to raise for a failure: it is tried again, after a while, if that may help.

    The while is waited for here, where Terminate ends it: Dagster's own waiting does not listen.
    """
    attempt, policy = context.retry_number + 1, retries()
    if not failure.allow_retries or attempt > policy.max_retries:
        return failure
    delay = policy.calculate_delay(attempt)
    context.log.warning(f"{failure.description}\nTrying again in {delay:.0f} s")
    sleep(delay)
    request = RetryRequested(policy.max_retries)
    request.__cause__ = failure
    return request


def show_failure(
    context: AssetExecutionContext, keys: Iterable[AssetKey], partition: str, text: str
) -> None:
    """Put a failure's cause and remedy on the pages of the assets' partition.

    There, Dagster itself shows no more than the run.
    """
    for key in keys:
        context.log_event(
            AssetObservation(
                asset_key=key,
                partition=partition,
                description=f"Not made: {text}",
                metadata={"not_made_because": text},
            )
        )


def summary(failures: list[Exception], total: int, what: str, untried: int = 0) -> Failure:
    """One failure for a run over several things; a retry helps if any of them can pass."""
    text = "\n".join(str(error) for error in failures)
    if total > 1:
        rest = [f"{untried} were then not tried"] if untried else []
        rest += ["the others are done"] if len(failures) + untried < total else []
        text = f"{', '.join([f'{len(failures)} of {total} {what} failed', *rest])}:\n{text}"
    return Failure(text, allow_retries=any(can_pass(error) for error in failures))


def shown(metadata: Metadata) -> dict[str, Any]:
    """A stage's metadata for the UI: plots as Markdown, other dictionaries as JSON."""
    drawn = {
        name: MetadataValue.md(PLOTS[name](metadata[name])) for name in PLOTS.keys() & metadata
    }
    return {
        name: MetadataValue.json(value) if isinstance(value, dict) else value
        for name, value in metadata.items()
    } | drawn


def reveal_courses(context: AssetExecutionContext, store: Store) -> None:
    """Add a partition for every registered course that does not have one."""
    if new := courses_without_partition(context.instance, store):
        context.instance.add_dynamic_partitions(str(courses_partitions.name), new)


def courses_without_partition(instance: DagsterInstance, store: Store) -> list[str]:
    """The partition keys of registered courses that have no partition yet."""
    known = instance.get_dynamic_partitions(str(courses_partitions.name))
    return sorted({course["_id"] for course in registered_courses(store)} - set(known))
