"""Pseudonymised exports: identifiers replaced in every file, and the proof that none is left.

What a pseudonym is belongs in `edx.pseudonyms`.
"""
