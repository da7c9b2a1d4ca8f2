"""Medians of the last rows of fig1-frozen-sign-descent.toml, with bootstrap intervals over seeds: the table of docs/reproduction.md.

    steepest run experiments/paper/fig1-frozen-sign-descent.toml --out OUT
    python experiments/paper/fig1-frozen-sign-descent.py OUT/fig1-frozen-sign-descent
"""

import sys
from pathlib import Path

import h5py
import numpy as np

SERIES = ["margin_linf", "margin_l2", "margin_l1", "test_accuracy", "test_excess_accuracy", "norm_l1", "norm_l2"]


def last_row(path):
    """The last values of the series, the number of steps, and the first step at which every sample was right."""
    with h5py.File(path) as file:
        row = {name: float(file[name][-1]) for name in SERIES}
        return row | {"steps": int(file.attrs["steps_done"]), "separated": int(file.attrs["separation_step"])}


def interval(values):
    """The 95 % interval of the median over 10000 resampled sets of seeds."""
    draws = np.random.default_rng(0).integers(0, len(values), (10_000, len(values)))
    return np.quantile(np.median(values[draws], axis=1), [0.025, 0.975])


def main(folder):
    for alpha in ["0-1", "0-01", "0-001"]:
        rows = [last_row(path) for path in sorted(Path(folder).glob(f"sd-alpha-{alpha}-seed*.h5"))]
        column = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        column["(l1/l2)^2"] = (column.pop("norm_l1") / column.pop("norm_l2")) ** 2
        print(f"alpha {alpha.replace('-', '.', 1)}: {len(rows)} seeds")
        for name, values in column.items():
            low, high = interval(values)
            print(f"  {name:22} {np.median(values):.4g}  ({low:.4g}, {high:.4g})  from {values.min():.4g} to {values.max():.4g}")


if __name__ == "__main__":
    main(sys.argv[1])
