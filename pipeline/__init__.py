"""Account Warehouse: what moves data and decides when. What is computed from it lives in `models/`."""
