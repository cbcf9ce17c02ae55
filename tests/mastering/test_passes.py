"""What a master is asked beyond its target: another rate, its dynamics kept, curves to show, no thread left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from sonicforge_studio.audio import ClipSink, ClipSource, measure_loudness
from sonicforge_studio.domain import Clip, MasterSettings, SilentProgress
from sonicforge_studio.mastering import MasterOutcome, master, own_target, preset_named, target_named
from sonicforge_studio.mastering._ahead import ahead
from tests.sounds import groove

RATE_HZ = 44_100


def mastered(clip: Clip, used: MasterSettings) -> tuple[MasterOutcome, Clip]:
    rate_hz = used.sample_rate_hz or clip.sample_rate_hz
    sink = ClipSink(rate_hz, clip.channels)
    return master(lambda: ClipSource(clip), sink, used, SilentProgress()), sink.clip


@pytest.mark.parametrize("rate_hz", [22_050, 48_000, 96_000])
def test_at_another_rate_target_and_ceiling_hold(rate_hz: int) -> None:
    clip = Clip(groove(5), RATE_HZ)
    outcome, result = mastered(clip, replace(preset_named("glue"), target=target_named("club"), sample_rate_hz=rate_hz))
    assert result.frames == round(clip.frames * rate_hz / RATE_HZ)
    heard = measure_loudness(result)
    assert heard.integrated_lufs == pytest.approx(-8.0, abs=0.05)
    assert heard.true_peak_dbtp <= -0.3
    assert outcome.after == heard


@pytest.mark.parametrize("least_lu", [9.0, 12.0])
def test_the_guard_keeps_peaks_over_the_loudness_and_says_so(least_lu: float) -> None:
    clip = Clip(groove(6), RATE_HZ)
    loud = replace(preset_named("transparent"), target=own_target(-6.0, -1.0))
    free, _ = mastered(clip, loud)
    guarded, result = mastered(clip, replace(loud, least_peak_to_loudness_lu=least_lu))
    heard = measure_loudness(result)
    assert free.after.true_peak_dbtp - free.after.integrated_lufs < 8.0
    assert heard.true_peak_dbtp - heard.integrated_lufs == pytest.approx(least_lu, abs=0.3)
    assert heard.true_peak_dbtp - heard.integrated_lufs >= least_lu - 0.05
    assert any("keep its dynamics" in note for note in guarded.notes)


def test_a_guard_that_is_not_needed_changes_nothing() -> None:
    clip = Clip(groove(4), RATE_HZ)
    quiet = replace(preset_named("glue"), target=target_named("ebu-r128"))
    outcome, result = mastered(clip, replace(quiet, least_peak_to_loudness_lu=6.0))
    assert outcome.notes == ()
    np.testing.assert_array_equal(result.samples, mastered(clip, quiet)[1].samples)


def test_the_curves_show_what_was_done() -> None:
    clip = Clip(groove(8), RATE_HZ)
    outcome, result = mastered(clip, replace(preset_named("glue"), target=target_named("club")))
    curves = outcome.curves
    assert curves is not None
    assert curves.step_seconds == 0.1
    assert max(curves.momentary_after_lufs) == pytest.approx(measure_loudness(result).momentary_max_lufs, abs=0.2)
    assert max(curves.short_term_before_lufs) == pytest.approx(outcome.before.short_term_max_lufs, abs=0.2)
    by_name = {each.name: each.reduction_db for each in curves.reductions}
    assert min(by_name["limiter"]) == pytest.approx(outcome.limiter_db, abs=1.5)
    assert max(by_name["limiter"]) <= 0.0
    assert min(by_name["glue"]) < 0.0
    lengths = {len(curves.momentary_before_lufs), len(curves.momentary_after_lufs), len(by_name["limiter"])}
    assert max(lengths) - min(lengths) <= 1
    assert len(curves.spectrum_hz) == len(curves.spectrum_after_db) == len(curves.spectrum_before_db) == 31
    louder = np.subtract(curves.spectrum_after_db, curves.spectrum_before_db)[8:28]
    assert np.median(louder) == pytest.approx(outcome.after.integrated_lufs - outcome.before.integrated_lufs, abs=2.5)
    assert set(outcome.meters) >= {"repair", "glue"}


def worker_names() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name == "mastering-ahead"}


def test_what_is_worked_on_ahead_comes_in_order_and_leaves_no_thread() -> None:
    assert list(ahead(range(100))) == list(range(100))
    blocks = ahead(iter(range(10**9)))
    assert [next(blocks) for _ in range(3)] == [0, 1, 2]
    blocks.close()
    assert not worker_names()


def test_a_failure_ahead_is_raised_where_it_is_read() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    blocks = ahead(failing())
    assert next(blocks) == 1
    with pytest.raises(OSError, match="gone"):
        next(blocks)
    assert not worker_names()
