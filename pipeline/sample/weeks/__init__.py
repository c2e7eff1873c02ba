"""A realistic company week by week: growing sources for testing guards, histories and episodes."""
