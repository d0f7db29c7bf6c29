"""A database package, downloaded and sorted by course. Loading a course from it is not here."""
