"""The commands: what each takes, whom it asks, and what it prints. What they do stands in the rooms below."""
