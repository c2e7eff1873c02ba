"""How a step of the page's runs fails: our words first. Runs of the command line raise the fault itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dagster as dg

from pipeline.common.errors import Interruptions, in_words
from pipeline.orchestration.resources import RunContext


class Stopped(dg.Failure):
    """A step that stopped for a reason that is said in words."""

    # Dagster shows an error's module before its words, and none for Python's own: "Stopped: crm/accounts.csv: …"
    __module__ = "builtins"

    def __init__(self, words: str, reports: Sequence[dg.MetadataValue] = ()) -> None:
        metadata = {f"report {number}": page for number, page in enumerate(reports, start=1)}
        super().__init__(words, metadata=metadata, allow_retries=False)


@contextmanager
def stopped_in_words(run: RunContext | None = None, *, for_page: bool = True) -> Iterator[None]:
    """Raise a fault that has words as `Stopped`, with the reports that the run has written by then.

    A bug keeps its trace.
    """
    try:
        yield
    except Exception as error:
        if not for_page or Interruptions.is_wished() or (fault := in_words(error)) is None:
            raise
        raise Stopped(str(fault), _links(run) if run else ()) from None


def _links(run: RunContext) -> list[dg.MetadataValue]:
    from pipeline.orchestration.page.report_links import link_to

    return [link_to(page, run.settings) for page in run.reports]
