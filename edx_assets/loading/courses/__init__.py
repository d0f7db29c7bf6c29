"""A course's own database: loading its collections from the newest package and the master."""
