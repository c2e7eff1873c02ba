"""dbt on a parse that is kept, in a process of its own, the record of what it built, and scripts of its statements."""
