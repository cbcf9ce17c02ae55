"""`make bench NAME=…`: the tables of one name, or all of them."""

from __future__ import annotations

import sys

from tests.benchmarks import (
    analysis,
    batches,
    capturing,
    delivery,
    generation,
    journey,
    kernels,
    limiter,
    live_frame,
    live_music,
    live_views,
    loudness,
    mastering,
    mastering_chain,
    measuring,
    neural,
    playing,
    similar,
    spectrogram,
    window,
)

NAMES = {
    "analysis": analysis.run,
    "kernels": kernels.run,
    "batches": batches.run,
    "measuring": measuring.run,
    "generation": generation.run,
    "journey": journey.run,
    "neural": neural.run,
    "window": window.run,
    "live_frame": live_frame.run,
    "live_views": live_views.run,
    "live_music": live_music.run,
    "loudness": loudness.run,
    "mastering": mastering.run,
    "mastering_references": mastering.run_references,
    "mastering_long": mastering.run_long,
    "limiter": limiter.run,
    "mastering_chain": mastering_chain.run,
    "delivery": delivery.run,
    "proofs": delivery.run_proofs,
    "similar": similar.run,
    "playing": playing.run,
    "capturing": capturing.run,
    "spectrogram": spectrogram.run,
}


def main() -> int:
    wanted = sys.argv[1:] or list(NAMES)
    for name in wanted:
        if name not in NAMES:
            print(f"There is no benchmark {name!r}. There are: {', '.join(NAMES)}.", file=sys.stderr)
            return 2
        NAMES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
