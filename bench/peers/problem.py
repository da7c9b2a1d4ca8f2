"""What is trained on what: experiment files of this repository, read for other programs."""
import os
import struct
import tomllib
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


def merged(below, above):
    """One table laid over another, field by field; another `kind` replaces the whole."""
    out = dict(below)
    for key, value in above.items():
        old = out.get(key)
        is_table = isinstance(old, dict) and isinstance(value, dict)
        out[key] = merged(old, value) if is_table and value.get("kind", old.get("kind")) == old.get("kind") else value
    return out


def read(path, changes=()):
    """An experiment with its runs resolved: {name: tables}, and its seeds. `changes` are (dotted key, value) pairs."""
    experiment = tomllib.loads(Path(path).read_text())
    for key, value in changes:
        *tables, last = key.split(".")
        table = experiment
        for name in tables:
            table = table.setdefault(name, {})
        table[last] = value
    runs, seeds = experiment.pop("run"), experiment.pop("seeds", [0])
    return {run["name"]: merged(experiment, run) for run in runs}, seeds


def idx(path):
    """The array in an IDX file of bytes."""
    raw = Path(path).read_bytes()
    shape = struct.unpack(f">{raw[3]}I", raw[4:4 + 4 * raw[3]])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def mnist(digits, n, rng):
    """n training images of two digits as rows in [0, 1] with labels +1 and -1, and all images of them in the test files."""
    folder = Path(os.environ.get("STEEPEST_MNIST", ROOT / "datasets" / "mnist"))
    parts = []
    for part in ("train", "t10k"):
        labels = idx(folder / f"{part}-labels-idx1-ubyte")
        keep = np.flatnonzero(np.isin(labels, digits))
        keep = rng.permutation(keep)[:n] if part == "train" else keep
        images = idx(folder / f"{part}-images-idx3-ubyte")[keep].reshape(len(keep), -1) / 255.0
        parts.append((images, np.where(labels[keep] == digits[0], 1.0, -1.0)))
    return parts


def teacher(data, rng):
    """Gaussian inputs labelled by a sparse network: +1 or -1 by the sign of sum_j u_j relu(<v_j, x>)."""
    d, width, nonzero = data["n_inputs"], data["teacher_width"], data.get("inputs_per_neuron", 3)
    hidden = np.zeros((width, d))
    for row in hidden:
        row[rng.choice(d, nonzero, replace=False)] = rng.standard_normal(nonzero)
    output = np.abs(rng.standard_normal(width)) * np.where(np.arange(width) % 2 == 0, 1.0, -1.0)

    def draw(n):
        inputs = rng.standard_normal((n, d))
        values = np.maximum(inputs @ hidden.T, 0.0) @ output
        while (undecided := np.flatnonzero(values == 0.0)).size and data.get("zero_outputs", "redraw") == "redraw":
            inputs[undecided] = rng.standard_normal((undecided.size, d))
            values[undecided] = np.maximum(inputs[undecided] @ hidden.T, 0.0) @ output
        return inputs, np.where(values >= 0.0, 1.0, -1.0)

    return draw(data["n_train"]), draw(data.get("n_test", 2000))


def split(run, seed=0):
    """((inputs, labels), (test inputs, test labels)) of a run."""
    data, rng = run["data"], np.random.default_rng(seed)
    if data["kind"] == "mnist":
        return mnist(data["digits"], data["n_train"], rng)
    if data["kind"] == "teacher_student":
        return teacher(data, rng)
    raise ValueError(f"no peer reads data of kind {data['kind']}")


def initial(run, d, seed=0):
    """W (width x d) and a (width) by the laws of the program's catalogue."""
    law, rng = run["model"]["init"], np.random.default_rng(1000 + seed)
    (width,), alpha, coordinate = run["model"]["hidden"], law["alpha"], law.get("coordinate", False)
    if law["kind"] == "normal_signs":
        scale = alpha / np.sqrt(d if coordinate else width)
        return rng.standard_normal((width, d)) * alpha / np.sqrt(d), rng.choice([-1.0, 1.0], width) * scale
    power = {"uniform": 1.0, "fan_in": 0.5}[law["kind"]]
    first = alpha / (width if coordinate else d) ** power
    return rng.uniform(-first, first, (width, d)), rng.uniform(-1.0, 1.0, width) * alpha / width**power


def optimiser(run):
    """gd, momentum, sd, cd, adam, spectral or shampoo, and its table."""
    table = run["optimizer"]
    if table["kind"] == "steepest":
        name = {"l2": "gd", "linf": "sd", "l1": "cd", "spectral": "spectral"}[table["norm"]]
        return ("momentum" if "momentum" in table else name), table
    if table["kind"] == "shampoo":
        return ("shampoo" if table["form"] == "torch_optimizer" else "shampoo76"), table
    return {"adam": "adam", "two_sided_cd": "cd"}[table["kind"]], table
