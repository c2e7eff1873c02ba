"""A standalone Spark cluster on this machine: a master and its workers, each in its own process, on loopback.

It is for machines without a cluster for `WAREHOUSE_SPARK_MASTER`, and for tests. It uses the same standalone mode as
several hosts, from the same wheel, and ends with the process that started it, even if that is killed. `spark.py` uses
the cluster.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pipeline.common.errors import WarehouseError

OLDEST_JAVA: Final = 17
WORKERS: Final = 2
_START_SECONDS: Final = 60
_DAEMON_MEMORY: Final = "256m"
"""The heap of the master and of each worker; executors do the work."""
SHORT_LIVED: Final = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Options for JVMs that run for minutes on a few cores: fast rather than thorough compilation (40 percent less CPU)."""
_KEEPER: Final = ("/bin/sh", "-c", "trap : TERM; read -r _; kill -TERM 0; sleep 5; kill -KILL 0")
"""Waits for the end of a pipe that only the starting process can write to, then ends its process group: the cluster."""


class LocalCluster:
    """A running cluster: `master` is its URL. Its logs are in `folder`, those of the executors in `workers/`.

    Executors spill to the folder `spill`.
    """

    def __init__(self, folder: Path, *, cores: int, memory: str) -> None:
        """Start a master and two workers, each with `cores` and `memory` (such as `2g`) for its executors."""
        require_spark()
        self.folder = folder
        self.spill = folder / "spill"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._keeper = subprocess.Popen(_KEEPER, stdin=subprocess.PIPE, process_group=0)  # noqa: S603 (no input)
        atexit.register(self.stop)
        self._launch("master", "master.Master")
        self.master = self._logged("master", r"Starting Spark master at (spark://\S+)")
        names = [f"worker-{number}" for number in range(1, WORKERS + 1)]
        for name in names:
            options = ["--cores", str(cores), "--memory", memory, "--work-dir", str(folder / "workers" / name)]
            self._launch(name, "worker.Worker", *options, self.master)
        for name in names:
            self._logged(name, r"(Successfully registered with master)")

    @property
    def is_running(self) -> bool:
        """Whether all processes are running."""
        return all(process.poll() is None for process in (self._keeper, *self._processes.values()))

    def stop(self) -> None:
        """End every process."""
        atexit.unregister(self.stop)
        if self._keeper.poll() is not None:
            return
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        for process in self._processes.values():
            process.wait()
        os.killpg(self._keeper.pid, signal.SIGKILL)  # the keeper, and executors that have outlived their workers
        self._keeper.wait()

    def _launch(self, name: str, role: str, *arguments: str) -> None:
        """Start a process on a free port of loopback; its log is named after it."""
        home = spark_home()
        command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{role}"]
        command += ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0", *arguments]
        environment = {
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": _DAEMON_MEMORY,
            "SPARK_DAEMON_JAVA_OPTS": SHORT_LIVED,
            "SPARK_LOCAL_DIRS": str(self.spill),
        }
        with (self.folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(  # noqa: S603 (the wheel's own program)
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                process_group=self._keeper.pid,
            )

    def _logged(self, name: str, pattern: str) -> str:
        """Wait until the log of a process says that it is ready, and return the match of the pattern."""
        log = self.folder / f"{name}.log"
        deadline = time.monotonic() + _START_SECONDS
        while not (found := re.search(pattern, log.read_text(errors="replace"))):
            if self._processes[name].poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise WarehouseError(
                    f"the {name} of the local Spark cluster did not start", where=str(log), remedy="read the log"
                )
            time.sleep(0.05)
        return found[1]


def spark_home() -> Path:
    """Return the folder of the pyspark package, which has `bin/spark-class`."""
    spec = find_spec("pyspark")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


def require_spark() -> None:
    """Raise WarehouseError, with what to do, if pyspark or a suitable Java is missing."""
    missing = [name for name in ("pyspark", "dbt.adapters.spark") if find_spec(name) is None]
    if missing:
        raise WarehouseError(
            f"Spark is not installed ({', '.join(missing)} cannot be imported)",
            where="target spark",
            remedy="run `make setup-spark`, which installs the group of requirements-spark.lock",
        )
    version = _java_version()
    if version is None or version < OLDEST_JAVA:
        found = "there is no Java" if version is None else f"Java is version {version}"
        raise WarehouseError(
            f"{found}, and Spark needs {OLDEST_JAVA} or later",
            where="target spark",
            remedy="install one (Debian: apt-get install openjdk-17-jre-headless) and let JAVA_HOME or PATH name it",
        )


def _java_version() -> int | None:
    """Return the major version of the Java that Spark will start; None if there is none."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None:
        return None
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=True)  # noqa: S603 (Java)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r'version "(\d+)(?:\.(\d+))?', answer.stderr)
    if found is None:
        return None
    return int(found[2]) if found[1] == "1" and found[2] else int(found[1])
