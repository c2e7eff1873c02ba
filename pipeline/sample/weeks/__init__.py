"""A believable company week by week: the same sources as they grow, to try guards, histories and episodes on."""
