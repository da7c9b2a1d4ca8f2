"""Medians over seeds of the last rows of an experiment's runs, with bootstrap intervals: the tables at paper scale in docs/reproduction.md.

    steepest run experiments/paper/fig1-paper.toml --out OUT
    python experiments/paper/medians.py OUT/fig1-paper
    python experiments/paper/medians.py OUT/fig1-paper --table docs/runs/fig1-paper.csv  # adds these runs to a table, a line each
    python experiments/paper/medians.py docs/runs/fig1-paper.csv                         # from such a table

Runs that diverged, never reached 100 % train accuracy, or have not ended are counted and left out. An interval is the 95 % percentile interval of the
median over 10,000 resampled sets of seeds.
"""

import argparse
import csv
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
COLUMNS = [*SERIES.values(), "(l1/l2)^2", "steps", "majority rate", *STEPS.values(), "seconds"]


def read(path):
    """The name and seed of a run, how it ended, and its last values; the values are None where the run has no margin."""
    with h5py.File(path) as file:
        attributes = dict(file.attrs)
        name, seed, status = attributes["run"], int(attributes["seed"]), attributes.get("status", "on its way")
        if not attributes["finished"]:
            return name, seed, "on its way", None
        if status == "diverged":
            return name, seed, "diverged", None
        if "separation_step" not in attributes:
            return name, seed, "never at 100 % train accuracy", None
        row = {label: float(file[series][-1]) for series, label in SERIES.items()}
        row["(l1/l2)^2"] = (float(file["norm_l1"][-1]) / float(file["norm_l2"][-1])) ** 2
        row["steps"] = float(attributes["steps_done"])
        row["majority rate"] = float(attributes.get("test_majority_rate", np.nan))
        row |= {label: float(attributes[step]) for step, label in STEPS.items() if step in attributes}
        row["seconds"] = float(file["wall_seconds"][-1])
        return name, seed, status, row


def runs(source):
    """All runs of a folder, or of a table."""
    source = Path(source)
    if source.is_dir():
        return [read(path) for path in sorted(source.glob("*.h5"))]
    if not source.exists():
        return []
    with source.open(newline="") as file:
        return [
            (
                line["run"],
                int(line["seed"]),
                line["status"],
                {label: float(line[label]) for label in COLUMNS if line[label]} or None,
            )
            for line in csv.DictReader(file)
        ]


def write(found, table):
    """Adds finished runs to a table, in the place of those of the same name and seed."""
    lines = {(name, seed): (status, row) for name, seed, status, row in [*runs(table), *found] if status != "on its way"}
    Path(table).parent.mkdir(parents=True, exist_ok=True)
    with Path(table).open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["run", "seed", "status", *COLUMNS])
        for (name, seed), (status, row) in sorted(lines.items()):
            values = [row.get(label) if row else None for label in COLUMNS]
            writer.writerow([name, seed, status, *("" if value is None else f"{value:.6g}" for value in values)])


def interval(values):
    """The 95 % interval of the median over resampled sets of seeds."""
    draws = np.random.default_rng(0).integers(0, len(values), (10_000, len(values)))
    return np.quantile(np.median(values[draws], axis=1), [0.025, 0.975])


def main(source, table):
    found = runs(source)
    if table:
        write(found, table)
    groups = defaultdict(list)
    for name, _, status, row in found:
        groups[name].append((status, row))
    for name, group in groups.items():
        rows = [row for _, row in group if row]
        statuses = [status for status, _ in group]
        print(f"{name}: {len(group)} runs; " + ", ".join(f"{statuses.count(s)} {s}" for s in sorted(set(statuses))))
        labels = [label for label in (rows[0] if rows else {}) if all(label in row for row in rows)]
        for label in labels:
            values = np.array([row[label] for row in rows])
            low, high = interval(values)
            print(f"  {label:20} {np.median(values):.4g}  ({low:.4g}, {high:.4g})  from {values.min():.4g} to {values.max():.4g}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="a folder of trajectories, or a table")
    parser.add_argument("--table", help="a table to which the runs of the folder are added")
    arguments = parser.parse_args()
    main(arguments.source, arguments.table)
