"""The ordinary company, drawn at random: names, customers, estimates, events."""
