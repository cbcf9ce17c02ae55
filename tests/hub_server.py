"""A model hub on this machine: the API's shape and the files of a folder, with faults on demand."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

REVISION = "5f2c" * 10
_LARGE_BYTES = 10_000
"""From here on a file's hash is SHA-256, below git's, as on the real hub."""


@dataclass
class Faults:
    """What goes wrong. Names are those of files; of ``answers`` also "listing"."""

    answers: dict[str, list[int]] = field(default_factory=dict)
    """Statuses instead of the next answers."""
    cut_after_bytes: dict[str, list[int]] = field(default_factory=dict)
    """The next answers end so early."""
    bytes_instead: dict[str, bytes] = field(default_factory=dict)
    """Other content than the listing says."""
    no_ranges: bool = False
    no_lengths: bool = False
    bytes_a_second: float = 0.0
    silent: set[str] = field(default_factory=set)
    """Headers come, bytes do not."""
    listing: Callable[[dict[str, Any]], Any] = lambda told: told
    """What the listing says instead."""


class HubServer(ThreadingHTTPServer):
    """Serves ``folder`` as whatever model is asked for."""

    daemon_threads = False

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.faults = Faults()
        self.asked: Counter[str] = Counter()
        self.ranges: list[tuple[str, str]] = []
        """Of each request with one: the file, and the range."""
        self.sent_bytes: Counter[str] = Counter()
        self.ended = threading.Event()
        self._open: set[socket.socket] = set()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def listing(self) -> dict[str, Any]:
        files = [self._entry(path) for path in sorted(self.folder.iterdir())]
        return {"id": "facebook/musicgen-small", "sha": REVISION, "siblings": files}

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news."""

    def hang_up(self) -> None:
        self.ended.set()
        for connection in tuple(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def _entry(self, path: Path) -> dict[str, Any]:
        content = path.read_bytes()
        entry: dict[str, Any] = {"rfilename": path.name, "size": len(content), "blobId": git_blob(content)}
        if len(content) >= _LARGE_BYTES:
            entry["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 135}
        return entry


def git_blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    server: HubServer

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.startswith("/moved"):
            self._give(path.rpartition("/")[2])
        elif path.endswith("/revision/main") and self.path.endswith("?blobs=true"):
            self._list()
        elif f"/resolve/{REVISION}/" in path:
            # Large files are elsewhere, as on the real hub.
            self.send_response(302)
            self.send_header("Location", f"{self.server.endpoint}/moved/{path.rpartition('/')[2]}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._refuse(404)

    def _list(self) -> None:
        self.server.asked["listing"] += 1
        if self._fails("listing"):
            return
        told = self.server.faults.listing(self.server.listing())
        content = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _give(self, name: str) -> None:
        server, faults = self.server, self.server.faults
        server.asked[name] += 1
        if self._fails(name):
            return None
        content = faults.bytes_instead.get(name) or (server.folder / name).read_bytes()
        given, start = self.headers.get("Range"), 0
        if given:
            server.ranges.append((name, given))
        if given and not faults.no_ranges:
            start = int(given.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                return self._refuse(416)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        if not faults.no_lengths:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        cuts = faults.cut_after_bytes.get(name)
        self._send(name, content[start:], cuts.pop(0) if cuts else None)
        return None

    def _send(self, name: str, content: bytes, cut: int | None) -> None:
        server = self.server
        rate = server.faults.bytes_a_second
        block = max(1, int(rate / 20)) if rate else 1 << 16
        whole = content if cut is None else content[:cut]
        if name in server.faults.silent:
            server.ended.wait(30)
            return
        for place in range(0, len(whole), block):
            if rate and server.ended.wait(0.05):
                return
            self.wfile.write(whole[place : place + block])
            server.sent_bytes[name] += len(whole[place : place + block])
        if cut is not None:
            self.connection.shutdown(socket.SHUT_RDWR)

    def _fails(self, name: str) -> bool:
        statuses = self.server.faults.answers.get(name)
        if not statuses:
            return False
        self._refuse(statuses.pop(0))
        return True

    def _refuse(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing."""


@contextmanager
def hub_of(folder: Path) -> Iterator[HubServer]:
    """A running hub; all of it ends with the block."""
    server = HubServer(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="hub server")
    thread.start()
    try:
        yield server
    finally:
        server.hang_up()
        server.shutdown()
        thread.join()
        server.server_close()
