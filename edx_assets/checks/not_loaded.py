"""The result that the checks of a course share: a collection that they need is not loaded."""

from dagster import AssetCheckResult, AssetCheckSeverity


def not_loaded(collection: str) -> AssetCheckResult:
    """A warning that names the collection to materialize."""
    return AssetCheckResult(
        passed=False,
        severity=AssetCheckSeverity.WARN,
        description=f"course/{collection} is not loaded for this course: materialize it",
    )
