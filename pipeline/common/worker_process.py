"""Runs one of our modules in its own process, started early so that its slow imports are done when it is needed.

The run and the helper exchange objects over a pipe. The answer to a request is any number of messages and then a
`Result` or an error. A helper that ends before that, with any exit code, makes the run fail. When the run is gone, the
helper ends too.
"""

from __future__ import annotations

import importlib
import os
import pickle
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from types import TracebackType
from typing import Any, ClassVar, Final, Self

from pipeline.common.errors import WarehouseError
from pipeline.common.startup import quick_imports

_LAST_WORDS: Final = 2_000
"""Characters of a helper's log that an error quotes."""
_END_SECONDS: Final = 10.0
"""Seconds that a helper has to end after it was terminated."""
_SERVE: Final = "from pipeline.common.worker_process import serve; serve()"

Send = Callable[[object], None]
Answer = Callable[[Any, Send], object]
"""Answers a request: it gets the request and a function that sends messages before the result. It returns the result,
or None if the request expects no answer."""


@dataclass(frozen=True)
class Result:
    """The last message of an answer."""

    value: Any


class HelperProcess:
    """The run's side of a helper: start it early, send requests, close it (or use `with`).

    `what` names it in errors. Its process imports `module` and calls the module's function `prepare(*arguments)`, which
    returns the helper's `Answer`. Requests, messages and results must be picklable. The output of the process goes to a
    log, and errors quote its end.
    """

    what: ClassVar[str]
    module: ClassVar[str]

    def __init__(self, *arguments: str) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self._pipe, theirs = Pipe()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
                # -P: import no modules from the working folder
                [sys.executable, "-P", "-c", _SERVE, str(theirs.fileno()), self.module, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )
        self._end: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def send(self, request: object) -> None:
        """Send a request that has no answer; `ask` raises an error of the helper later.

        Raises WarehouseError if the helper has ended.
        """
        try:
            self._pipe.send(request)
        except ConnectionError:
            raise self._unanswered() from None

    def ask(self, request: object) -> Iterator[Any]:
        """Send a request and yield every message of the answer, its `Result` last.

        Raises WarehouseError for an error of the helper, or if it ends without an answer.
        """
        self.send(request)
        message = None
        while not isinstance(message, Result):
            try:
                message = self._pipe.recv()
            except (EOFError, OSError):  # the helper ended between two messages, or within one
                raise self._unanswered() from None
            if isinstance(message, WarehouseError):
                raise message
            yield message

    def close(self) -> None:
        """Kill the process, which keeps no state, so that its memory is free for the rest of the run."""
        self._process.terminate()
        self._pipe.close()
        if self._end is None:
            self._end = threading.Thread(target=self._await_end)
            self._end.start()

    def _await_end(self) -> None:
        """Wait until the process is gone, so that the interpreter does not end before it."""
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _unanswered(self) -> WarehouseError:
        """Return an error that says how the process ended, with the end of its log."""
        try:
            ended = f"exit code {self._process.wait(_END_SECONDS)}"
        except subprocess.TimeoutExpired:
            ended = "it did not end by itself, and was killed"
            self._process.kill()
        self._log.seek(0)
        words = self._log.read().decode(errors="replace").strip()[-_LAST_WORDS:]
        return WarehouseError(
            f"the {self.what} ended without an answer ({ended}); nothing was published"
            + (". Its last output:" if words else ""),
            details=words.splitlines(),
            where=self.module,
            remedy="fix what its output says, or give the machine more memory (a common cause), and run again",
        )


def serve() -> None:
    """Run a helper as the command line says: prepare it, then answer requests until the run is gone.

    The process then ends at once, because it may lock a database that the next run needs.
    """
    number, module, *arguments = sys.argv[1:]
    os.set_inheritable(int(number), False)
    pipe = Connection(int(number))
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(pipe, requests), daemon=True).start()
    sending = threading.Lock()

    def send(message: object) -> None:
        with sending:  # dbt reports its nodes from several threads
            pipe.send(message)

    with quick_imports():
        answer: Answer = importlib.import_module(module).prepare(*arguments)
    while True:
        request = pickle.loads(requests.get())  # noqa: S301 (the run's own)
        try:
            result = answer(request, send)
        except WarehouseError as error:
            send(error)
        else:
            if result is not None:
                send(Result(result))


def _listen(pipe: Connection, requests: queue.SimpleQueue[bytes]) -> None:
    """Pass requests on without unpickling them, because the answering thread imports what they need."""
    try:
        while True:
            requests.put(pipe.recv_bytes())
    except (EOFError, OSError):
        os._exit(0)
