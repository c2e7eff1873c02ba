"""Alerts: what people who are not at the terminal hear of a run, and the way there."""
