"""From files and databases to typed Parquet in the landing zone; everything that was refused, in `rejects`."""
