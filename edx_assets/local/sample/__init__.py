"""The sample institution: a whole made-up delivery of edX research data, and the truth about it.

It imports nothing else of the project: its manifest tells how the data were made, so that what the
stages make of them can be held against it.
"""

from edx_assets.local.sample.institution import make_institution

__all__ = ["make_institution"]
