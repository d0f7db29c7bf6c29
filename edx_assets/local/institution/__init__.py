"""The sample institution: keys, tracking logs, packages and the truth about them, made by seed.

It shares no code with the loaders: its manifest is what their counts are held against.
"""

from edx_assets.local.institution.institution import make_institution

__all__ = ["make_institution"]
