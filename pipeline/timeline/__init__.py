"""What each published drop left for those who look back: a record per drop, and the marts that the records make."""
