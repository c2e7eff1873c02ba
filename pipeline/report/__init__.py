"""The quality report: one self-contained page per run and organization, to decide whether a drop can be trusted.

`gather` collects the facts (`facts`) of a run from its staged files and tables, `page` renders them; `charts` lays out
the plots. The page needs no network and no script.
"""
