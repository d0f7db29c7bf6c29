"""What the assets are given: S3, GnuPG, the document store and file storage."""
