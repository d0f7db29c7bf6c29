"""Tests of the datasets: the queries against plain Python, and the stage against real servers."""
