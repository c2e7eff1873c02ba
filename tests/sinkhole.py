"""A private network in which every address is this machine, and packets to any address but loopback are listed.

`python -m tests.sinkhole COMMAND` runs a shell command there and prints a line for every packet that would have left.
It needs Linux network namespaces, as root or with user namespaces.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

_EVERYTHING_IS_HERE: Final = (
    "ip link set lo up",
    "ip route add local default dev lo",
    "ip -6 route add local ::/0 dev lo",
)
_HEADER: Final = 14
"""Bytes of the Ethernet header before the packet."""


def sent_by(command: str, folder: str) -> list[str]:
    """Run a shell command in such a network; list its packets' destinations. OSError without namespaces."""
    ended = subprocess.run(
        ["unshare", "--net", "--map-root-user", sys.executable, "-m", "tests.sinkhole", command],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    if ended.returncode != 0:
        raise OSError(ended.stdout + ended.stderr)
    return [line.removeprefix("sent to ") for line in ended.stdout.splitlines() if line.startswith("sent to ")]


def destination(packet: bytes) -> str | None:
    """Return the destination of an IP packet, None for loopback and other packets."""
    version = packet[_HEADER] >> 4 if len(packet) > _HEADER else 0
    if version == 4:
        address, rest = ipaddress.ip_address(packet[_HEADER + 16 : _HEADER + 20]), packet[_HEADER + 20 :]
    elif version == 6:
        address, rest = ipaddress.ip_address(packet[_HEADER + 24 : _HEADER + 40]), packet[_HEADER + 40 :]
    else:
        return None
    port = int.from_bytes(rest[2:4], "big")
    return None if address.is_loopback or address.is_multicast else f"{address} port {port}: {rest[8:60]!r}"


def main(command: str) -> int:
    """Listen in the network, run the command, and report what was sent."""
    for line in _EVERYTHING_IS_HERE:
        subprocess.run(line.split(), check=True)
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))  # 3: packets of every protocol
    listener.bind(("lo", 0))
    found: set[str] = set()

    def listen() -> None:
        while True:
            if (where := destination(listener.recv(65535))) is not None:
                found.add(where)

    threading.Thread(target=listen, daemon=True).start()
    ended = subprocess.run(command, shell=True, check=False)
    for where in sorted(found):
        print(f"sent to {where}")
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
