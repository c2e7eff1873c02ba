"""Ready-made queries about what was published, each an SQL file with its description; no rule is computed here."""
