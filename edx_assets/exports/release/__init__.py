"""A de-identified release of `person_course`: k-anonymous rows that may be handed on.

What is exported as it is belongs in `exports.course`.
"""
