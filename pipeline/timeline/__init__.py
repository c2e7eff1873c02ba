"""The timeline: a record of each published drop, and the marts made from the records."""
