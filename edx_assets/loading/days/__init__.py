"""A day's tracking log, from S3 into the master collection. Its use by courses is in `courses`."""
