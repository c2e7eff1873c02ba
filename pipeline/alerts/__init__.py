"""Alerts: the messages that tell people about a run, and their delivery."""
