"""The guards (D42): whether a run's sources and drops look as they should, beside what was published last.

The audit judges rows, the guards judge change. What they compare is handed to them as plain figures; how sources are
read and drops are published is for the rooms above.
"""
