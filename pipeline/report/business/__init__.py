"""The business page of a drop, for decision makers."""
