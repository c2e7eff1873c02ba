"""The quality report: one self-contained page per run and organization, to decide whether a drop can be trusted.

`measured_run` measures a run, `gather` collects the facts (`facts`) of each report from it, `page` renders them, and
`charts` lays out the plots. The page needs no network and no script.
"""
