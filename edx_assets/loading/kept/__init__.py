"""What the storage keeps: how much, what of it is still needed, and removing the rest."""
