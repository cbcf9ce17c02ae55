"""What PulseAudio and PipeWire offer to record from. PortAudio sees none of it: ALSA's plugin shows one device only."""

from __future__ import annotations

import logging
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any

_PATIENCE_SECONDS = 1.0
"""For a server that hangs; one that works answers within some milliseconds."""
_LOOK_SECONDS = 1.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PulseSource:
    """``name`` is the server's own, as ``PULSE_SOURCE`` takes it; ``title`` is for people."""

    name: str
    title: str
    channels: int
    rate_hz: int
    default: bool
    monitor: bool
    of_default_output: bool
    """Whether it carries what the default output plays."""


def pulse_sources() -> tuple[PulseSource, ...]:
    """Every source of the server; empty where there is none, or no libpulse. Returns within about a second."""
    if not sys.platform.startswith("linux"):
        return ()
    try:
        import pulsectl
    except (ImportError, OSError):
        return ()
    asking = _Asking(pulsectl)
    asking.start()
    asking.join(_PATIENCE_SECONDS)
    if asking.is_alive():
        _logger.warning("the sound server does not answer")
        asking.give_up()
    return asking.found


class SourceWatch:
    """Notices that a source is gone. The server then goes on with another one and tells no one, so that a recording of
    the guitar would become one of the webcam."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._gone = False
        self._looked_at = time.monotonic()

    @property
    def gone(self) -> bool:
        """As of the last second or so."""
        if not self._gone and time.monotonic() - self._looked_at >= _LOOK_SECONDS:
            # Where there is no answer at all, the stream itself says what became of it.
            found = [source.name for source in pulse_sources()]
            self._gone = bool(found) and self._name not in found
            self._looked_at = time.monotonic()
        return self._gone


class _Asking(threading.Thread):
    """libpulse waits for its server without an end, so it waits on a thread of its own."""

    def __init__(self, pulsectl: Any) -> None:
        super().__init__(name="sound server", daemon=True)
        self.found: tuple[PulseSource, ...] = ()
        self._pulse = _client(pulsectl)("SonicForge Studio", connect=False)

    def run(self) -> None:
        try:
            # With a time-out pulsectl waits it out to its end, each time.
            self._pulse.connect()
            server = self._pulse.server_info()
            self.found = tuple(
                PulseSource(
                    name=str(source.name),
                    title=str(source.description or source.name),
                    channels=int(source.channel_count),
                    rate_hz=source.rate_hz,
                    default=source.name == server.default_source_name,
                    monitor=source.monitor_of_sink_name is not None,
                    of_default_output=source.monitor_of_sink_name == server.default_sink_name is not None,
                )
                for source in self._pulse.source_list()
            )
        except Exception:
            # No server, one that hung up, a question that was given up: pulsectl knows many ways to say so.
            _logger.debug("there is no sound server", exc_info=True)
        finally:
            self._pulse.close()

    def give_up(self) -> None:
        self._pulse.close()


def _client(pulsectl: Any) -> Any:
    """pulsectl's client, with each rate copied while the answer lasts: what pulsectl hands out of it is a view of
    memory that libpulse frees with the answer."""

    class Client(pulsectl.Pulse):  # type: ignore[misc] # pulsectl has no types
        def _pulse_info_cb(
            self, info_cls: Any, data_list: list[Any], done_cb: Any, ctx: Any, info: Any, eof: int, userdata: Any
        ) -> None:
            super()._pulse_info_cb(info_cls, data_list, done_cb, ctx, info, eof, userdata)
            if not eof and userdata is None and hasattr(info[0], "sample_spec"):
                data_list[-1].rate_hz = int(info[0].sample_spec.rate)

    return Client
