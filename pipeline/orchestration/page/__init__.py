"""Dagster's web page as a person's machine serves it: who may ask, what Dagster keeps, and the processes behind it."""
