"""Embedded servers and the sample institution: for trying and testing, never for production."""
