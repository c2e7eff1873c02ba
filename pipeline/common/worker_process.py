"""A module of ours in a process of its own, started before it is needed: its slow imports are done by then.

The two talk in lines of JSON. A request gets any number of messages and then one with `result` or `error`. A helper
that ends before that, with whatever exit code, fails the run: silence is not consent. One whose run is gone ends too.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from pipeline.common.errors import WarehouseError
from pipeline.common.startup import quick_imports

_LAST_WORDS: Final = 2_000
_PATIENCE: Final = 10.0

Message = dict[str, Any]
Send = Callable[[Message], None]


class HelperProcess:
    """A helper from the side of the run: start it early, ask it, close it (or use `with`).

    `what` names it in errors, `module` is what `python -m` starts with `arguments`, and `remedy` helps a person whose
    helper fell silent.
    """

    def __init__(self, what: str, module: str, *arguments: str, remedy: str = "", command: Sequence[str] = ()) -> None:
        self.what = what
        self.module = module
        self._remedy = f"try `python -m {module}` by hand: it should wait for a line{remedy}"
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self._scratch = tempfile.TemporaryDirectory(prefix="warehouse-helper-")
        self._process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            # -P: no module of the folder that the run was started in
            command or (sys.executable, "-P", "-m", module, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
                "TMPDIR": self._scratch.name,  # it is ended in the midst of things, so what it leaves there is ours
            },
            text=True,
        )
        self._end: threading.Thread | None = None

    def tell(self, request: Mapping[str, Any]) -> None:
        """Send a request that has no answer; what the helper calls an error then comes with the next answer.

        Raises WarehouseError if the helper has ended.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._silent() from None

    def ask(self, request: Mapping[str, Any]) -> Iterator[Message]:
        """Send a request and yield every message of the answer, the one with its `result` last.

        Raises WarehouseError for what the helper calls an error, or if it ends without an answer.
        """
        self.tell(request)
        assert self._process.stdout is not None
        while line := self._process.stdout.readline():
            message = json.loads(line)
            if "error" in message:
                raise WarehouseError(**message["error"])
            yield message
            if "result" in message:
                return
        raise self._silent()

    def close(self) -> None:
        """End the process, whatever it is at: it keeps nothing. Its memory is given back while the run goes on."""
        self._process.terminate()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        if self._end is None:
            self._end = threading.Thread(target=self._await_end)
            self._end.start()

    def _await_end(self) -> None:
        """Wait until the process is gone, then remove what it left. The interpreter does not end before."""
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        self._scratch.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _silent(self) -> WarehouseError:
        """Say how the process ended, and its last words."""
        try:
            ended = f"exit code {self._process.wait(_PATIENCE)}"
        except subprocess.TimeoutExpired:
            ended = "it still runs, and was ended"
            self._process.kill()
        self._log.seek(0)
        words = self._log.read().decode(errors="replace").strip()[-_LAST_WORDS:]
        return WarehouseError(
            f"the {self.what} ended before it had answered ({ended}); nothing was published"
            + (f". Its last words:\n{words}" if words else ""),
            where=self.module,
            remedy=self._remedy,
        )


def serve(prepare: Callable[[], object], answer: Callable[[Message, Send], Any]) -> None:
    """Be a helper: prepare, then answer requests until there are no more.

    `answer` gets a request and a function that sends messages ahead of the result. It returns the result, or None
    where the request wants no answer; a WarehouseError is passed on to the run. What is printed goes to standard error.
    When the run that asks is gone, this process ends at once, for it may hold a database that the next run needs.
    """
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)

        def send(message: Message) -> None:
            answers.write(json.dumps(message) + "\n")
            answers.flush()

        with quick_imports():
            prepare()
        while True:
            request = json.loads(requests.get())
            try:
                result = answer(request, send)
            except WarehouseError as error:
                send({"error": {"what": error.what, "where": error.where, "remedy": error.remedy}})
            else:
                if result is not None:
                    send({"result": result})


def _listen(requests: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)
