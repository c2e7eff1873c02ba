"""Forgetting a person: finds them, rewrites files, tables and drops without them, and certifies it."""
