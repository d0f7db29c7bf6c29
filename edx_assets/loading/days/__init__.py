"""A day's tracking log, from S3 into the master collection. What courses make of it is not here."""
