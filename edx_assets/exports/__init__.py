"""Exports: a course's collections and datasets as files that researchers take away.

What a dataset is, and how it is made, belongs in `datasets`.
"""
