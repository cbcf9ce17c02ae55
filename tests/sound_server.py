"""A real sound server without a sound card: PulseAudio with a null sink, whose monitor is what would be heard."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sonicforge_studio.audio.devices import system_devices

SINK_RATE_HZ = 44_100
_SINK = "studio"
_START_SECONDS = 10.0


class SoundServer:
    """A running server. PortAudio sees it through ALSA's pulse plugin once ``PULSE_SERVER`` names its socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = f"unix:{folder / 'native'}"
        self._environment = {
            **{name: value for name, value in os.environ.items() if name != "DBUS_SESSION_BUS_ADDRESS"},
            "XDG_RUNTIME_DIR": str(folder),
            "HOME": str(folder),
            "PULSE_SERVER": self.address,
        }
        self._server: subprocess.Popen[bytes] | None = None
        self._awake: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._server = subprocess.Popen(
            [
                "pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit", "--use-pid-file=no",
                "-L", f"module-native-protocol-unix auth-anonymous=1 socket={self._folder / 'native'}",
                "-L", f"module-null-sink sink_name={_SINK} rate={SINK_RATE_HZ} channels=2 format=float32le",
            ],
            env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + _START_SECONDS
        while subprocess.run(["pactl", "info"], env=self._environment, capture_output=True, check=False).returncode:
            if time.monotonic() > deadline:
                raise TimeoutError("the sound server does not answer")
            time.sleep(0.05)
        # An idle null sink renders two seconds at once, and the next stream waits them out; a stream of silence that
        # asks for little latency keeps it going in small steps.
        self._awake = subprocess.Popen(
            ["pacat", "--playback", "--latency-msec=10", "--raw", "/dev/zero"],
            env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(0.3)

    def stop(self) -> None:
        """As if the device were pulled out."""
        for process in (self._awake, self._server):
            if process is not None:
                process.terminate()
                process.wait()
        self._awake = self._server = None

    @contextmanager
    def another_sink(self, name: str, rate_hz: int, channels: int = 2) -> Iterator[None]:
        """A second null sink, which is not the default one; it is pulled out when the block ends."""
        loading = ["load-module", "module-null-sink", f"sink_name={name}", f"rate={rate_hz}", f"channels={channels}"]
        module = self._pactl(*loading, "format=float32le")
        try:
            yield
        finally:
            self._pactl("unload-module", module)

    @contextmanager
    def playing(self, samples: NDArray[np.float32], rate_hz: int = SINK_RATE_HZ, sink: str = _SINK) -> Iterator[None]:
        """Another program that plays ``samples`` (channels, n), from now until the block ends."""
        process = subprocess.Popen(
            [
                "pacat", "--playback", f"--device={sink}", "--format=float32le", f"--rate={rate_hz}",
                f"--channels={samples.shape[0]}", "--latency-msec=100", "--raw",
            ],
            env=self._environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        feeding = threading.Thread(target=_feed, args=(process, samples.T.tobytes()), name="another program")
        feeding.start()
        try:
            yield
        finally:
            process.terminate()
            feeding.join()
            process.wait()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """The server answers nothing while the block runs."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._server.send_signal(signal.SIGCONT)

    def _pactl(self, *arguments: str) -> str:
        done = subprocess.run(["pactl", *arguments], env=self._environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    @contextmanager
    def recording(self) -> Iterator[Recording]:
        """What the sink plays while the block runs."""
        process = subprocess.Popen(
            [
                "parec", f"--device={_SINK}.monitor", "--format=float32le", f"--rate={SINK_RATE_HZ}", "--channels=2",
                "--latency-msec=5", "--raw",
            ],
            env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        recording = Recording(process)
        try:
            yield recording
        finally:
            recording.finish()


def _feed(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:
        process.stdin.write(data)


class Recording:
    """Frames as they come from the sink's monitor, and when."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._pieces: list[tuple[float, bytes]] = []
        self._thread = threading.Thread(target=self._collect, name="recording")
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._pieces and time.monotonic() < deadline:
            time.sleep(0.005)

    @property
    def frames(self) -> NDArray[np.float32]:
        """All so far, shape ``(channels, n)``."""
        data = b"".join(piece for _, piece in self._pieces)
        return np.frombuffer(data[: len(data) // 8 * 8], np.float32).reshape(-1, 2).T

    @property
    def pieces(self) -> list[tuple[float, bytes]]:
        """All so far as they came, with the monotonic time at which each was read."""
        return list(self._pieces)

    @property
    def count(self) -> int:
        return sum(len(piece) for _, piece in self._pieces) // 8

    def finish(self) -> None:
        self._process.terminate()
        self._thread.join()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _collect(self) -> None:
        assert self._process.stdout is not None
        while piece := os.read(self._process.stdout.fileno(), 4096):
            self._pieces.append((time.monotonic(), piece))


@contextmanager
def running_server() -> Iterator[SoundServer]:
    """A server that this process's PortAudio sees until the block ends; afterwards it sees none."""
    with ExitStack() as stack:
        # A socket's path must be short, which pytest's folders are not.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sound-")))
        folder.chmod(0o700)
        environment = stack.enter_context(pytest.MonkeyPatch.context())
        server = SoundServer(folder)
        environment.setenv("PULSE_SERVER", server.address)
        stack.callback(server.stop)
        server.start()
        system_devices().probe()
        yield server
    system_devices().probe()


@pytest.fixture(scope="session")
def sound_server() -> Iterator[SoundServer]:
    """One server for the whole session; the test is skipped where PulseAudio is not installed."""
    if not all(map(shutil.which, ("pulseaudio", "pactl", "pacat", "parec"))):
        pytest.skip("PulseAudio is not installed")
    with running_server() as server:
        yield server
