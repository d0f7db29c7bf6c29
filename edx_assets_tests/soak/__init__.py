"""The soak: a simulated month of deliveries that the sensors take in, and one clean backfill."""
