"""Drops: the published folders. Staged beside the others, audited, then renamed into place, manifest last."""
