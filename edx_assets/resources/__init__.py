"""The resources of the assets: S3, GnuPG, the document store, file storage and the courses file."""
