"""Where the remedy of a failed check is: what to type is in the docs, and each description says so.

What a failure means is told by the check's own description.
"""

CHECKS_PAGE = "docs/checks.md"
"""A path in the repository: it has a section for each check."""


def with_remedy(name: str, description: str) -> str:
    """A check's description, and where its remedy is."""
    return f"{description} What to type: {CHECKS_PAGE}#{name}"
