"""A person leaves all that the warehouse keeps: finds them, rewrites files, tables and drops, and certifies it."""
