"""Database packages: downloading and sorting by course. Loading courses belongs in `courses`."""
