"""Embedded servers and the sample institution, for trying and testing; never imported by production code."""
