"""Account Warehouse: the code that moves data and runs the steps. What is computed is in `models/`."""

import os

# Arrow's allocator gives memory back as soon as it can; in huge pages the machine would clear two megabytes for each
# few kilobytes that are asked for again.
os.environ.setdefault("MIMALLOC_ALLOW_THP", "0")

# Arrow's and DuckDB's allocators keep freed memory for ten seconds, not for one or less: what comes next takes it
# without asking the machine for pages, which it would have to clear.
os.environ.setdefault("MIMALLOC_PURGE_DELAY", "10000")
os.environ.setdefault("DUCKDB_JE_MALLOC_CONF", "dirty_decay_ms:10000")

# numpy would start a thread for each core, which waits for linear algebra by spinning; there is none here.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
