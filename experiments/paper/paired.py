"""Last rows of an experiment's runs beside those of another run on the same seed: the comparisons at paper scale in docs/reproduction.md.

    python experiments/paper/paired.py OUT/fig1-switch-rules OUT/fig1-paper "GD, alpha 0.01"

Either may be a folder of trajectories, or a table as medians.py writes it. For every run but that one: on how many seeds both ended, separated and
did not diverge; median, smallest and largest ratio of the margins, and difference of the test accuracies; the steps at which it switched, and took
after that.
"""

import sys
from collections import defaultdict

import numpy as np

from medians import SERIES, runs

MARGINS = ("gamma_1", "gamma_2", "gamma_inf")


def rows(source):
    """The last row of every run that has margins, by name and seed."""
    found = defaultdict(dict)
    for name, seed, _, row in runs(source):
        if row:
            found[name][seed] = row
    return found


def text(values):
    return f"{np.median(values):.2g} ({min(values):.2g}, {max(values):.2g}), {sum(v > 1 for v in values)} above 1"


def main(source, of_reference, reference):
    other = rows(of_reference)[reference]
    for name, of_seed in rows(source).items():
        seeds = sorted(set(of_seed) & set(other))
        if name == reference or not seeds:
            continue
        print(f"{name} / {reference}: {len(seeds)} seeds")
        for label in MARGINS:
            print(f"  {label:20} {text([of_seed[seed][label] / other[seed][label] for seed in seeds])}")
        label = SERIES["test_accuracy"]
        off = [of_seed[seed][label] - other[seed][label] for seed in seeds]
        print(f"  {label:20} {np.median(off):+.3f} ({min(off):+.3f}, {max(off):+.3f})")
        if all("switch" in of_seed[seed] for seed in seeds):
            at = [int(of_seed[seed]["switch"]) for seed in seeds]
            after = [int(of_seed[seed]["steps"] - of_seed[seed]["switch"]) for seed in seeds]
            print(f"  switched at {sorted(at)}, steps after that {sorted(after)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
