"""The state folder: its layout, its locks, and what one run stores for the next."""
