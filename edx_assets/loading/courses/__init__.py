"""A course's own database: each collection from the newest package or the master collection."""
