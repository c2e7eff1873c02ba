"""Where bytes lie, here or on a server, and how they get there whole. What they mean is for the rooms above."""
