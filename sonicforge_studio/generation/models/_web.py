"""Answers over HTTP whose bytes come from a thread of their own: whoever waits for them can be stopped at any time."""

from __future__ import annotations

import http.client
import queue
import re
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache

from sonicforge_studio import __version__
from sonicforge_studio.domain import StudioError
from sonicforge_studio.domain.errors import HubRefused, HubUnreachable

_PATIENCE_SECONDS = 20.0
"""So long a silent connection is held to be alive."""
_LOOK_SECONDS = 0.05
_BLOCK_BYTES = 1 << 18
_MOST_BLOCKS = 16
_JOIN_SECONDS = 0.2
_PASSING = (408, 425, 429, 500, 502, 503, 504)

Wait = Callable[[], None]
"""Called again and again while nothing comes; what it raises ends the waiting."""


class Passing(Exception):
    """Trouble that may be over in a moment; ``error`` is what to say where it is not."""

    def __init__(self, error: StudioError) -> None:
        super().__init__(error.message)
        self.error = error


class Answered(Exception):
    """A status that has no bytes to it, such as 404."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Head:
    start: int
    total_bytes: int | None


class Answer:
    """The bytes of a resource from ``start`` on, which has ``total_bytes`` in all, or None where that is not told."""

    def __init__(self, reader: _Reader, wait: Wait, head: _Head) -> None:
        self.start = head.start
        self.total_bytes = head.total_bytes
        self._reader = reader
        self._wait = wait

    def blocks(self) -> Iterator[bytes]:
        """As they come, of any size. Raises ``Passing`` where the connection is lost."""
        while block := self._reader.next(self._wait):
            if isinstance(block, bytes):
                yield block


@contextmanager
def ask(url: str, wait: Wait, start: int = 0) -> Iterator[Answer]:
    """The answer to a GET of ``url`` from byte ``start`` on; a server may give all of it nevertheless.

    Raises ``Passing`` and ``Answered``.
    """
    reader = _Reader(url, start)
    try:
        head = reader.next(wait)
        if not isinstance(head, _Head):
            raise Passing(_unreachable(url, "no answer"))
        yield Answer(reader, wait, head)
    finally:
        reader.stop()


class _Reader:
    """The thread that reads. It hands on a head, blocks, and in the end None or what went wrong."""

    def __init__(self, url: str, start: int) -> None:
        self._url = url
        self._start = start
        self._messages: queue.Queue[_Head | bytes | Exception | None] = queue.Queue(_MOST_BLOCKS)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)
        self._thread.start()

    def next(self, wait: Wait) -> _Head | bytes | None:
        while True:
            wait()
            running = self._thread.is_alive()
            try:
                message = self._messages.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                if running:
                    continue
                raise Passing(_unreachable(self._url, "the connection was lost")) from None
            if isinstance(message, Exception):
                raise message
            return message

    def stop(self) -> None:
        """A thread that waits for a silent server is left to its patience: nothing it reads is used any more."""
        self._stop.set()
        self._thread.join(_JOIN_SECONDS)

    def _run(self) -> None:
        try:
            self._read()
            self._put(None)
        except urllib.error.HTTPError as error:
            error.close()
            self._put(_refused(error.code))
        except (OSError, ValueError, http.client.HTTPException) as error:
            self._put(Passing(_unreachable(self._url, _reason(error))))

    def _read(self) -> None:
        headers = {"User-Agent": f"SonicForge-Studio/{__version__}"}
        if self._start:
            headers["Range"] = f"bytes={self._start}-"
        request = urllib.request.Request(self._url, headers=headers)
        trust = _trust() if self._url.startswith("https:") else None
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS, context=trust) as response:
            self._put(_head_of(response))
            while not self._stop.is_set() and (block := response.read1(_BLOCK_BYTES)):
                self._put(block)

    def _put(self, message: _Head | bytes | Exception | None) -> None:
        while not self._stop.is_set():
            with suppress(queue.Full):
                return self._messages.put(message, timeout=_LOOK_SECONDS)
        return None


def _head_of(response: http.client.HTTPResponse) -> _Head:
    given = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if response.status == http.HTTPStatus.PARTIAL_CONTENT and given:
        start, total = given.groups()
        return _Head(int(start), None if total == "*" else int(total))
    length = response.headers.get("Content-Length", "")
    return _Head(0, int(length) if length.isdigit() else None)


def _refused(status: int) -> Exception:
    if status not in _PASSING:
        return Answered(status)
    if status == http.HTTPStatus.TOO_MANY_REQUESTS:
        return Passing(HubRefused("The model hub has had too many questions from here.", hint="Wait some minutes."))
    return Passing(HubUnreachable(f"The model hub has trouble of its own (it answered {status})."))


def _unreachable(url: str, reason: str) -> HubUnreachable:
    return HubUnreachable(f'The model hub at "{urllib.parse.urlsplit(url).netloc}" cannot be reached: {reason}.')


def _reason(error: Exception) -> str:
    """In the system's words, without its numbers."""
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, (ValueError, http.client.InvalidURL)):
        return "its address cannot be read"
    if isinstance(inner, ssl.SSLError):
        return "the connection to it is not secure"
    if isinstance(inner, TimeoutError):
        return "it does not answer"
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return str(inner).rstrip(".") or type(inner).__name__


@cache
def _trust() -> ssl.SSLContext:
    """The system's certificates, and those that come with the extra where the system has none (as on macOS).
    Read once: that takes a tenth of a second."""
    context = ssl.create_default_context()
    with suppress(ImportError):
        import certifi

        context.load_verify_locations(certifi.where())
    return context
