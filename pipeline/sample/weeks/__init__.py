"""A realistic company week by week: sources that grow, for testing guards, histories and episodes."""
