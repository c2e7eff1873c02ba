"""Questions that people ask of what was published, each a file of SQL with its words; nothing here computes a rule."""
