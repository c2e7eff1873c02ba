"""Drops: the published folders. They are staged next to the others, audited, then renamed into place, manifest last."""
