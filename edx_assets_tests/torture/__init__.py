"""The torture: what the project promises, proven by breaking things; `python -m` runs it whole."""
