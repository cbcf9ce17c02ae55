"""`make bench NAME=…`: the tables of one name, or all of them."""

from __future__ import annotations

import sys

from tests.benchmarks import journey, measuring, window

NAMES = {"measuring": measuring.run, "journey": journey.run, "window": window.run}


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
