"""Any input, or what the machine plays: listened to, measured, and recorded."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from sonicforge_studio.audio._capture_memory import MEMORY_SECONDS, CaptureMemory
from sonicforge_studio.audio.capture_state import CaptureState, CaptureStatus, Recorded
from sonicforge_studio.audio.devices import Devices, Input, InputDevice
from sonicforge_studio.audio.recorder import Recorder
from sonicforge_studio.audio.tap import TAP_CHANNELS, USUAL_RATE_HZ, Tap, TapPlace
from sonicforge_studio.domain.errors import DeviceLost, NoSoundDevice, StudioError

_POLL_SECONDS = 0.005
_LEAVE_SECONDS = 1.0
"""A device that opens or closes for longer is left to the thread that does it."""

_logger = logging.getLogger(__name__)


class Capture:
    """Listens to one input at a time and records it when asked. A context manager; ``close`` gives the device back,
    finishes what is recorded and leaves no thread.

    Any thread may ask. ``listen`` returns at once: the device is opened on the capture's own thread, and ``state``
    says what became of it; a device that is missing or goes away is a state, not an error. Recordings start and stop
    on the caller's thread, which waits for the disk. ``on_change`` is called at each change of the status, and must
    return quickly.
    """

    def __init__(
        self,
        devices: Devices,
        *,
        latency_seconds: float = 0.02,
        on_change: Callable[[CaptureState], None] | None = None,
    ) -> None:
        self._devices = devices
        self._latency_seconds = latency_seconds
        self._on_change = on_change
        self._tap = _CaptureTap()
        self._commands = threading.RLock()
        self._thread: threading.Thread | None = None
        self._left = threading.Event()
        """Set once the thread's device is wanted no more; each thread has its own."""
        self._opened = threading.Event()
        self._status: CaptureStatus = "closed"
        self._wanted: InputDevice | None = None
        self._error: StudioError | None = None
        self._memory: CaptureMemory | None = None
        self._recorder: Recorder | None = None

    @property
    def tap(self) -> Tap:
        """Where the live analyser listens: what was captured up to now, its first two channels."""
        return self._tap

    @property
    def state(self) -> CaptureState:
        """Now."""
        memory, recorder, status, error = self._memory, self._recorder, self._status, self._error
        if recorder is not None and recorder.error is not None:
            error = recorder.error
        elif recorder is not None and status == "listening":
            status = "recording"
        if memory is None:
            return CaptureState(status, self._wanted, error=error)
        return CaptureState(
            status=status,
            device=memory.device,
            sample_rate_hz=memory.sample_rate_hz,
            channels=memory.channels,
            seconds=0.0 if recorder is None else recorder.seconds,
            overflows=memory.overflows + (0 if recorder is None else recorder.gaps),
            levels_dbfs=memory.levels_dbfs,
            path=None if recorder is None else recorder.path,
            error=error,
        )

    def listen(self, device: InputDevice | None = None, channels: int | None = None) -> None:
        """Open this device, else the machine's default one, in place of what is open; not while recording."""
        with self._commands:
            if self._recorder is not None:
                raise ValueError("the recording is to be stopped before another device is opened")
            self._leave()
            self._wanted, self._error = device, None
            self._left = threading.Event()
            self._opened.clear()
            self._change("opening")
            run = (device, channels, self._left)
            self._thread = threading.Thread(target=self._run, args=run, name="capture", daemon=True)
            self._thread.start()

    def wait_until_open(self, timeout_seconds: float) -> CaptureState:
        """Wait until the device is open or could not be; the state then."""
        self._opened.wait(timeout_seconds)
        return self.state

    def start_recording(
        self,
        path: Path,
        *,
        seconds: float | None = None,
        pre_roll_seconds: float = 0.0,
        overwrite: bool = False,
        numbered: bool = False,
    ) -> Path:
        """Record into a new WAV file, beginning up to ``pre_roll_seconds`` ago, as far as that is remembered; for
        ``seconds`` where that is a finite number, else until it is stopped. Gives where the file stands, which is the
        next free name where ``numbered``.

        Raises ``OutputExists``, ``OutputNotWritable`` or ``DiskFull``, and where nothing is listened to
        ``NoSoundDevice`` or ``DeviceLost``.
        """
        with self._commands:
            memory = self._memory
            if memory is None or self._status != "listening":
                raise self._error or NoSoundDevice()
            if self._recorder is not None:
                raise ValueError("this capture already records")
            memory.pump()
            pre_roll_seconds = min(max(0.0, pre_roll_seconds), MEMORY_SECONDS)
            start = max(memory.oldest, memory.end - int(pre_roll_seconds * memory.sample_rate_hz))
            self._error = None
            last = None
            if seconds is not None and math.isfinite(seconds):
                last = start + round(max(0.0, seconds) * memory.sample_rate_hz)
            self._recorder = Recorder(memory, path, start, last, overwrite=overwrite, numbered=numbered)
            self._tell()
            return self._recorder.path

    def stop_recording(self) -> Recorded | None:
        """End the recording with what has come until now, and go on listening; None where nothing was recorded."""
        with self._commands:
            recorder = self._recorder
            if recorder is None:
                return None
            recorded = recorder.stop(self._error)
            self._recorder = None
            self._tell()
            return recorded

    def close(self) -> None:
        """Finish the recording and give the device back. May be called twice; ``listen`` opens it again."""
        with self._commands:
            self.stop_recording()
            self._leave()
            self._change("closed")

    def __enter__(self) -> Capture:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _leave(self) -> None:
        self._left.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(_LEAVE_SECONDS)
        self._tap.follow(None)
        self._memory = None

    # The thread

    def _run(self, device: InputDevice | None, channels: int | None, left: threading.Event) -> None:
        try:
            memory = self._open_memory(device, channels)
        except Exception as error:
            if not isinstance(error, StudioError):
                _logger.exception("a device could not be opened")
            if not left.is_set():
                self._error = error if isinstance(error, StudioError) else NoSoundDevice(_cannot_open(error))
                self._change("no-device")
                self._opened.set()
            return
        if left.is_set():
            memory.close()
            return
        self._memory = memory
        self._tap.follow(memory)
        self._change("listening")
        self._opened.set()
        try:
            while not left.wait(_POLL_SECONDS):
                memory.pump()
                if memory.lost():
                    break
        except Exception:
            _logger.exception("listening broke off")
        lost = not left.is_set()
        if lost:
            self._error = DeviceLost(hint="Connect it again or choose another one. What was recorded is kept.")
        memory.close()
        if lost and not left.is_set():
            # Whoever finds the tap empty can ask why, and whoever is told can still take what came last.
            self._change("device-lost")
            self._tap.follow(None)

    def _open_memory(self, device: InputDevice | None, channels: int | None) -> CaptureMemory:
        opened = self._open_input(device, channels)
        try:
            return CaptureMemory(opened)
        except BaseException:
            opened.close()
            raise

    def _open_input(self, device: InputDevice | None, channels: int | None) -> Input:
        """Where the device is not there, look again: it may have been plugged in since."""
        try:
            return self._devices.open_input(device, self._latency_seconds, channels)
        except NoSoundDevice:
            self._devices.probe()
            return self._devices.open_input(device, self._latency_seconds, channels)

    def _change(self, status: CaptureStatus) -> None:
        self._status = status
        self._tell()

    def _tell(self) -> None:
        if self._on_change is not None:
            try:
                self._on_change(self.state)
            except Exception:
                _logger.exception("a listener failed")


def _cannot_open(error: Exception) -> str:
    return f"The device cannot be opened ({str(error) or type(error).__name__})."


class _CaptureTap:
    """What was captured up to now. Whoever looks fetches it from the device, so the picture is never behind."""

    def __init__(self) -> None:
        self._following: tuple[CaptureMemory, int] | None = None
        self._stream = 0
        self._rate_hz = USUAL_RATE_HZ
        self._sounding = threading.Event()

    @property
    def sample_rate_hz(self) -> int:
        return self._rate_hz

    def follow(self, memory: CaptureMemory | None) -> None:
        if memory is None:
            self._following = None
            self._sounding.clear()
            return
        self._rate_hz = memory.sample_rate_hz
        self._stream += 1
        self._following = (memory, self._stream)
        self._sounding.set()

    def place(self) -> TapPlace | None:
        following = self._following
        if following is None:
            return None
        memory, stream = following
        memory.pump()
        end = memory.end
        return TapPlace(
            memory=memory.frames[:, :TAP_CHANNELS],
            sample_rate_hz=memory.sample_rate_hz,
            stream=stream,
            piece=stream,
            oldest=memory.oldest,
            end=end,
            known=end,
            seconds=end / memory.sample_rate_hz,
        )

    def wait_until_sounding(self, timeout_seconds: float) -> bool:
        return self._sounding.wait(timeout_seconds)
