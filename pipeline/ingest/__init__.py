"""From files and databases to typed Parquet in the landing zone; rows and cells that were refused are in `rejects`."""
