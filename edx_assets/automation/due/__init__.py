"""What is due: what S3 and the packages have and the ledger does not. No run is requested here."""
