"""dbt on a parse that is kept, in a process that is kept, and the record of what it built."""
