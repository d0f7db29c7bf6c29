"""The sample institution: a complete made-up delivery of edX research data, and the facts about it.

It imports nothing else from the project: its manifest comes from how the data were made, which
makes it an independent reference for the results of the stages.
"""

from edx_assets.local.sample.institution import make_institution

__all__ = ["make_institution"]
