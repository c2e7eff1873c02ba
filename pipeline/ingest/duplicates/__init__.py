"""Rows that share a key: whether there are any, and which of them lose."""
