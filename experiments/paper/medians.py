"""Medians over seeds of the last rows of an experiment's runs, with bootstrap intervals: the tables at paper scale in docs/reproduction.md.

    steepest run experiments/paper/fig1-paper.toml --out OUT
    python experiments/paper/medians.py OUT/fig1-paper

Runs that diverged, never reached 100 % train accuracy, or have not ended are counted and left out. An interval is the 95 % percentile interval of the
median over 10,000 resampled sets of seeds.
"""

import sys
from collections import defaultdict
from pathlib import Path

import h5py
import numpy as np

SERIES = {
    "margin_linf": "gamma_1",
    "margin_l2": "gamma_2",
    "margin_l1": "gamma_inf",
    "test_accuracy": "test accuracy",
    "test_excess_accuracy": "excess over chance",
}
STEPS = {"separation_step": "separated", "theory_step": "sum of losses < 1", "switch_step": "switch"}


def read(path):
    """The name of a run, and its last values; the values are None where the run has no margin."""
    with h5py.File(path) as file:
        attributes = dict(file.attrs)
        name, status = attributes["run"], attributes.get("status", "on its way")
        if not attributes["finished"]:
            return name, "on its way", None
        if status == "diverged":
            return name, "diverged", None
        if "separation_step" not in attributes:
            return name, "never at 100 % train accuracy", None
        row = {label: float(file[series][-1]) for series, label in SERIES.items()}
        row["(l1/l2)^2"] = (float(file["norm_l1"][-1]) / float(file["norm_l2"][-1])) ** 2
        row["steps"] = float(attributes["steps_done"])
        row["majority rate"] = float(attributes.get("test_majority_rate", np.nan))
        row |= {label: float(attributes[step]) for step, label in STEPS.items() if step in attributes}
        row["seconds"] = float(file["wall_seconds"][-1])
        return name, status, row


def interval(values):
    """The 95 % interval of the median over resampled sets of seeds."""
    draws = np.random.default_rng(0).integers(0, len(values), (10_000, len(values)))
    return np.quantile(np.median(values[draws], axis=1), [0.025, 0.975])


def main(folder):
    groups = defaultdict(list)
    for path in sorted(Path(folder).glob("*.h5")):
        name, status, row = read(path)
        groups[name].append((status, row))
    for name, runs in groups.items():
        rows = [row for _, row in runs if row]
        statuses = [status for status, _ in runs]
        print(f"{name}: {len(runs)} runs; " + ", ".join(f"{statuses.count(s)} {s}" for s in sorted(set(statuses))))
        labels = [label for label in (rows[0] if rows else {}) if all(label in row for row in rows)]
        for label in labels:
            values = np.array([row[label] for row in rows])
            low, high = interval(values)
            print(f"  {label:20} {np.median(values):.4g}  ({low:.4g}, {high:.4g})  from {values.min():.4g} to {values.max():.4g}")


if __name__ == "__main__":
    main(sys.argv[1])
