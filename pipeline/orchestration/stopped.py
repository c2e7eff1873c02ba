"""Errors of steps on the page, shown as our message without tracebacks. Command-line runs raise the error itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dagster as dg
from dagster._core.errors import DagsterUserCodeProcessError
from dagster_shared.error import SerializableErrorInfo

from pipeline.common.errors import Interruptions, in_words
from pipeline.orchestration.resources import RunContext


class _MessageError(DagsterUserCodeProcessError):
    """An error whose message Dagster records as it is, without the stack of its own process."""

    def __init__(self, words: str) -> None:
        recorded = SerializableErrorInfo(f"Stopped: {words}", stack=[], cls_name="Stopped")
        super().__init__(words, user_code_process_error_infos=[recorded])  # type: ignore[no-untyped-call]


class StoppedError(dg.Failure, _MessageError):
    """The error of a step that stopped with an explanation.

    A plain Failure would show Dagster's traceback and ours below the message, and again at the end of the run.
    """

    def __init__(self, words: str, reports: Sequence[dg.MetadataValue] = ()) -> None:
        metadata = {f"report {number}": page for number, page in enumerate(reports, start=1)}
        super().__init__(words, metadata=metadata, allow_retries=False)


@contextmanager
def stopped_in_words(run: RunContext | None = None, *, for_page: bool = True) -> Iterator[None]:
    """Turn an error that has an explanation into `StoppedError`, with links to the reports written so far.

    A bug keeps its traceback.
    """
    try:
        yield
    except Exception as error:
        if not for_page or Interruptions.is_requested() or (fault := in_words(error)) is None:
            raise
        raise StoppedError(str(fault), _links(run) if run else ()) from None


def _links(run: RunContext) -> list[dg.MetadataValue]:
    from pipeline.orchestration.page.report_links import link_to

    return [link_to(page, run.settings) for page in run.reports]
