"""The landing zone: typed Parquet, addressed by the hash of its origin, and the record of its content."""
