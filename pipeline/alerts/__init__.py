"""Alerts: what people who are not at the terminal are told of a run, and the way there."""
