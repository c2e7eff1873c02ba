"""The guards (D42): whether the sources and drops of a run are plausible, compared with the last publication.

The audit checks rows, the guards check change. The guards only compare figures; other packages read sources and publish
drops.
"""
