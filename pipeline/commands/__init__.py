"""The commands: their options, the functions that they call, and what they print."""
