"""The rows written by hand: each plays one edge case of the specs, or is one bad cell."""
