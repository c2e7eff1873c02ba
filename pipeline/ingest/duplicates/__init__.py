"""Rows with the same key: whether there are any, and which of them lose."""
