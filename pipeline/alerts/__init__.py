"""Alerts: messages that tell people how a run ended, and their delivery."""
