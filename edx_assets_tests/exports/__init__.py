"""Tests of the exports: files that researchers take away, and data frames."""
