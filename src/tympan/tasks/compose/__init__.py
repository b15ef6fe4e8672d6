"""`compose`: make music."""
