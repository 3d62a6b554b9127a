"""A log handler that never waits for the reader of the log."""

from __future__ import annotations

import logging
import os
import select
import threading
from queue import SimpleQueue

DROPPED = "log lines dropped"
# When so many bytes wait to be written, further lines are dropped.
MAX_BYTES = 1024 * 1024
# The end of the process waits so long for the last lines, once or as often as the reader reads.
_FLUSH_SECONDS = 0.25
_FLUSH_ROUNDS = 4  # at most


class QueueHandler(logging.Handler):
    """Formats lines and passes them to a thread that writes them to a file descriptor.

    Once the queue is full, lines are dropped until all of it is written; a line with their number
    follows. A line that cannot be written, as on a full disk, counts as dropped.

    ``logging.handlers`` is not used: its queue is not limited in bytes, it removes tracebacks from
    records, and its ``stop`` waits for the reader.
    """

    def __init__(self, descriptor: int) -> None:
        """Start the thread.

        Raises:
            RuntimeError: No thread can be started.
        """
        super().__init__()
        self.dropped = 0
        self._descriptor = descriptor
        self._queue: SimpleQueue[bytes | threading.Event] = SimpleQueue()
        # Reentrant, because garbage collection may log at any point.
        self._state_lock = threading.RLock()
        self._size = 0
        self._is_full = False
        self._reported = 0
        self._is_incomplete = False
        # The exit of the interpreter does not wait for a daemon thread.
        threading.Thread(target=self._work, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line of a record, or drop it."""
        try:
            line = self._line(record)
        except Exception:  # noqa: BLE001 - logging must not raise
            line = b""
        with self._state_lock:
            self._is_full |= self._size >= MAX_BYTES
            if self._is_full or not line:
                self.dropped += 1
            else:
                self._size += len(line)
                self._queue.put(line)

    def flush(self) -> None:
        """Wait until the queue is written, a second at most, and less if the reader has stopped.

        ``logging`` calls it when the process ends.
        """
        is_written = threading.Event()
        self._queue.put(is_written)
        for _ in range(_FLUSH_ROUNDS):
            if is_written.wait(_FLUSH_SECONDS) or not self._is_writable():
                return

    def _is_writable(self) -> bool:
        return bool(select.select([], [self._descriptor], [], 0)[1])

    def _line(self, record: logging.LogRecord) -> bytes:
        return self.format(record).encode(errors="backslashreplace") + b"\n"

    def _work(self) -> None:
        while True:
            item = self._queue.get()
            if isinstance(item, threading.Event):
                item.set()
            else:
                self._write_line(item)

    def _write_line(self, line: bytes) -> None:
        is_written = self._write(line)
        with self._state_lock:
            self._size -= len(line)
            self.dropped += not is_written
            is_empty = self._size == 0
            self._is_full &= not is_empty
            lines = self.dropped - self._reported
        if lines and is_written and is_empty and self._write(self._line(_report(lines))):
            self._reported += lines

    def _write(self, data: bytes) -> bool:
        """Write all of ``data`` and return whether that was possible."""
        # An earlier line may have been written in part.
        rest = memoryview(b"\n" + data if self._is_incomplete else data)
        try:
            while rest:
                written = self._write_part(rest)
                rest = rest[written:]
                self._is_incomplete = self._is_incomplete or written > 0
        except OSError:
            return False
        self._is_incomplete = False
        return True

    def _write_part(self, data: memoryview) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:  # another process made the shared pipe non-blocking
            select.select([], [self._descriptor], [])
            return 0


def _report(lines: int) -> logging.LogRecord:
    return logging.makeLogRecord(
        {
            "name": __name__,
            "levelno": logging.WARNING,
            "levelname": logging.getLevelName(logging.WARNING),
            "msg": DROPPED,
            "lines": lines,
        }
    )
