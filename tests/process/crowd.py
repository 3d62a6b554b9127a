"""A program that opens many connections to a server and holds them: ``crowd.py PORT SIZE SAID``."""

from __future__ import annotations

import resource
import signal
import socket
import sys

# For what else the program has open.
_OTHERS = 50


def main(port: int, size: int, said: bytes) -> None:
    """Connect ``size`` times, say something on each connection, and wait for the end."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, size + _OTHERS), hard))
    connections = []
    for _ in range(size):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.send(said)
        connections.append(connection)
    sys.stdout.write("all there\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode())
