"""The benchmark suite: `python -m benchmarks`, or `make bench`; see docs/performance.md.

It stands outside the package that is installed, and calls what the stages call.
"""
