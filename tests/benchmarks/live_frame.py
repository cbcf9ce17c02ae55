"""A frame of the live analyser beside SciPy's transform alone, and how near it comes to the bare transform."""

from __future__ import annotations

import sys
import time
import tracemalloc

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from rocket_fft import c2c

from sonicforge_studio.kernels._jit import kernel
from sonicforge_studio.kernels.live_spectrum import SpectrumKernel, SpectrumSettings
from sonicforge_studio.kernels.raster import columns_from_bands, paint_density, paint_row, paint_spectrum
from sonicforge_studio.kernels.stereo import add_points
from tests.benchmarks.tables import Row, in_turns, show
from tests.spectrum_twin import band_levels_db, point_levels_db, window_of

RATE_HZ = 48_000
FRAMES = 1000
ROUND = 200
MANY = 10_000
STEP_SECONDS = 1.0 / 60.0
COMPARED_ABOVE_DB = -100.0

SETTINGS = {
    "4096, Hann, 1/24 octave": SpectrumSettings(),
    "1024, Hann, 1/24 octave": SpectrumSettings(fft_size=1024),
    "16384, Hann, 1/24 octave": SpectrumSettings(fft_size=16384),
    "4096, flat-top, 1/3 octave, A": SpectrumSettings(window="flat-top", bands_per_octave=3, weighting="A"),
    "4096, Hann, log axis": SpectrumSettings(bands_per_octave=0),
}


def run() -> None:
    show(
        f"{FRAMES} stereo frames of the live analyser: window, FFTs, bands, ballistics, average, peak hold",
        [_frame(name, settings) for name, settings in SETTINGS.items()],
    )
    _bound()
    _steadiness()
    _painting()


def _sound(size: int) -> NDArray[np.float32]:
    """A tone in noise on the left, noise alone on the right."""
    noise = np.random.default_rng(1).standard_normal((2, size)) * 0.01
    noise[0] += 0.5 * np.sin(2 * np.pi * 997.0 * np.arange(size) / RATE_HZ)
    return noise.astype(np.float32)


def _repeated(work, times: int = ROUND):  # type: ignore[no-untyped-def]
    def repeat() -> None:
        for _ in range(times):
            work()

    return repeat


def _frame(name: str, settings: SpectrumSettings) -> Row:
    samples = _sound(settings.fft_size)
    window = window_of(settings).astype(np.float32)
    spectrum = SpectrumKernel(RATE_HZ, settings)

    def reference() -> NDArray[np.float32]:
        bins = scipy.fft.rfft(samples * window, axis=1, workers=1)
        return bins.real**2 + bins.imag**2

    times = in_turns(_repeated(lambda: spectrum.process(samples, STEP_SECONDS)), _repeated(reference), 15)
    twin = band_levels_db if settings.bands_per_octave else point_levels_db
    _, levels_db = twin(samples, settings, RATE_HZ)
    off = np.abs(spectrum.now_db - levels_db)[levels_db > COMPARED_ABOVE_DB].max()
    ours, theirs = (seconds * FRAMES / ROUND for seconds in times)
    return Row(name, ours, "SciPy rfft float32, window, power", theirs, f"{off:.5f} dB to float64")


@kernel
def _bare(wave: NDArray[np.complex64], out: NDArray[np.complex64], axes: NDArray[np.int64], times: int) -> None:
    for _ in range(times):
        c2c(wave, out, axes, True, 1.0, 1)


def _bound() -> None:
    """The transform can only be waited for; what comes around it is ours."""
    for name in ("4096, Hann, 1/24 octave", "16384, Hann, 1/24 octave"):
        size = SETTINGS[name].fft_size
        samples = _sound(size)
        spectrum = SpectrumKernel(RATE_HZ, SETTINGS[name])
        wave = (samples[0] + 1j * samples[1]).astype(np.complex64)
        out, axes = np.zeros_like(wave), np.zeros(1, np.int64)
        ours, bare = in_turns(
            _repeated(lambda spectrum=spectrum, samples=samples: spectrum.process(samples, STEP_SECONDS)),
            lambda wave=wave, out=out, axes=axes: _bare(wave, out, axes, ROUND),
            15,
        )
        print(
            f"{size} points: the bare transform of both channels (rocket-fft, complex64) takes "
            f"{1e6 * bare / ROUND:.1f} µs, {bare / ours:.0%} of the frame's {1e6 * ours / ROUND:.1f} µs"
        )


def _steadiness() -> None:
    samples = _sound(4096)
    spectrum = SpectrumKernel(RATE_HZ)
    process = spectrum.process
    process(samples, STEP_SECONDS)
    taken = np.zeros(MANY)
    for frame in range(MANY):
        began = time.perf_counter()
        process(samples, STEP_SECONDS)
        taken[frame] = time.perf_counter() - began
    median, late = np.percentile(taken, (50, 99))
    tracemalloc.start()
    process(samples, STEP_SECONDS)
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(MANY):
        process(samples, STEP_SECONDS)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    print(f"{MANY} frames of 4096: {grown} bytes allocated and kept (tracemalloc)")
    times = f"median {1e6 * median:.1f} µs, p99 {1e6 * late:.1f} µs"
    print(f"{MANY} frames of 4096: {times}, {late / median:.2f} × the median")


def _painting(width: int = 800, height: int = 400) -> None:
    rng = np.random.default_rng(2)
    bands = 240
    levels_db = (-40.0 + 8.0 * rng.standard_normal(bands)).astype(np.float32)
    places = np.linspace(0.0, width - 1.0, bands)
    image, density = np.zeros((height, width), np.uint32), np.zeros((height, width), np.float32)
    curves = np.zeros((3, width), np.float32)
    colours = (np.arange(256) * 0x010101 + 0xFF000000).astype(np.uint32)
    gradient = np.full(height, 0xFF404040, np.uint32)
    columns, rows = np.linspace(0, width - 1, 10).astype(np.int64), np.linspace(0, height - 1, 8).astype(np.int64)
    wave = (0.3 * rng.standard_normal((2, RATE_HZ // 60))).astype(np.float32)
    for curve, lift in zip(curves, (0.0, 6.0, -6.0), strict=True):
        columns_from_bands(levels_db + np.float32(lift), places, -96.0, 3.0, height, curve)

    def spectrum() -> None:
        columns_from_bands(levels_db, places, -96.0, 3.0, height, curves[0])
        paint_spectrum(
            image, curves[0], curves[1], curves[2], True, True, columns, rows, gradient,
            0xFF101010, 0xFF202020, 0xFFFFFFFF, 0xFFFF0000, 0xFF00FF00,
        )  # fmt: skip

    def vectorscope() -> None:
        add_points(density, wave, 0.9, 1.0)
        paint_density(image, density, colours)

    for name, work in (
        ("spectrum with peaks and average", spectrum),
        ("waterfall, a row", lambda: paint_row(image[0], levels_db, places, -96.0, 3.0, colours)),
        ("vectorscope of noise", vectorscope),
    ):
        seconds, _ = in_turns(work, lambda: None, 200)
        print(f"painting {width}×{height}: {name} {1e3 * seconds:.3f} ms")


if __name__ == "__main__":
    began = time.perf_counter()
    run()
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)
