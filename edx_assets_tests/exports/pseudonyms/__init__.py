"""Tests of pseudonymised exports."""
