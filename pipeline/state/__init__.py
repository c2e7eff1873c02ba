"""The state folder: its layout, its locks, and what one run leaves for the next."""
