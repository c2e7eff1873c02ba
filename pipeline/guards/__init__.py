"""The guards (D42): whether the sources and drops of a run are plausible, compared with the last publication.

The audit checks rows, the guards check change. They compare plain figures; reading sources and publishing drops is done
elsewhere.
"""
