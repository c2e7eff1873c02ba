"""Hand-made rows: each is an edge case of the specs, or has a bad cell."""
