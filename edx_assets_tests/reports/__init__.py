"""Tests of the reports of courses."""
