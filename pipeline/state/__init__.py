"""The state folder: where each thing in it lies, whose turn it is, and what one run leaves for the next."""
