"""Rows with the same key: whether a part may have any, and which of them lose."""
