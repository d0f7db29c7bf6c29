"""Retired learners: the list that every load asks, and their removal from what is loaded."""
