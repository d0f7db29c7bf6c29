"""Datasets: tables that answer questions about a course, each made by one `.sql` file.

The collections that they are made from belong in `loading`; their assets, in `assets.datasets`.
"""
