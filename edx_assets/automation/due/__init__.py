"""What is due: what S3 and the packages have and the ledger has not. No run is asked for here."""
