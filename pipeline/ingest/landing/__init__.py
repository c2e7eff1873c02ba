"""The landing zone: typed Parquet by the hash of what it was made from, and the record of what lies there."""
