"""Drops: the published folders. They are staged beside the others, audited, then renamed into place, manifest last."""
