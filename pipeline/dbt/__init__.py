"""dbt on a cached parse, in its own process; the record of what it built; and scripts of its statements."""
