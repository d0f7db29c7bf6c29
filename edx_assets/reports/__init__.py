"""Reports: one page about each course for people, made from its datasets.

What the numbers are belongs in `datasets`; the asset, in `assets.report`.
"""
