"""Killed at any moment: SIGKILL to real runs, to the store and to gpg, and what is then true."""
