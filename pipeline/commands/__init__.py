"""The commands of the command line: their options, the functions that they call, and their output."""
