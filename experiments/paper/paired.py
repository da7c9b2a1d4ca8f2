"""Last rows of an experiment's runs beside those of another run on the same seed: the comparisons at paper scale in docs/reproduction.md.

    python experiments/paper/paired.py OUT/fig1-switch-rules OUT/fig1-paper "GD, alpha 0.01"

For every run but that one: on how many seeds both ended, separated and did not diverge; median, smallest and largest ratio of the margins, and
difference of the test accuracies; the steps at which it switched, and took after that.
"""

import sys
from collections import defaultdict
from pathlib import Path

import h5py
import numpy as np

from medians import SERIES, read

MARGINS = ("gamma_1", "gamma_2", "gamma_inf")


def rows(folder):
    """The last row of every run that has margins, by name and seed."""
    found = defaultdict(dict)
    for path in sorted(Path(folder).glob("*.h5")):
        name, _, row = read(path)
        if row:
            with h5py.File(path) as file:
                found[name][int(file.attrs["seed"])] = row
    return found


def text(values):
    return f"{np.median(values):.2g} ({min(values):.2g}, {max(values):.2g}), {sum(v > 1 for v in values)} above 1"


def main(folder, of_reference, reference):
    other = rows(of_reference)[reference]
    for name, runs in rows(folder).items():
        seeds = sorted(set(runs) & set(other))
        if name == reference or not seeds:
            continue
        print(f"{name} / {reference}: {len(seeds)} seeds")
        for label in MARGINS:
            print(f"  {label:20} {text([runs[seed][label] / other[seed][label] for seed in seeds])}")
        label = SERIES["test_accuracy"]
        off = [runs[seed][label] - other[seed][label] for seed in seeds]
        print(f"  {label:20} {np.median(off):+.3f} ({min(off):+.3f}, {max(off):+.3f})")
        if all("switch" in runs[seed] for seed in seeds):
            at = [int(runs[seed]["switch"]) for seed in seeds]
            after = [int(runs[seed]["steps"] - runs[seed]["switch"]) for seed in seeds]
            print(f"  switched at {sorted(at)}, steps after that {sorted(after)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
