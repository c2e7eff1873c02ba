"""Dagster's web page for one machine: access control, Dagster's records, and the processes behind it."""
