"""How time grows with n, d, the width and the number of steps; how runs share the cores; how much memory a run takes."""
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import compare

HERE = Path(__file__).resolve().parent
FILE = HERE / "shapes" / "teacher-200-784-1024.toml"
FIELD = {"n": "data.n_train", "d": "data.n_inputs", "width": "model.hidden"}
BASE = {"n": 100, "d": 2048, "width": 256}
SIZES = {"n": (50, 100, 200, 400), "d": (1024, 2048, 4096, 8192), "width": (128, 256, 512, 1024)}
#: exponents that the counts of flops say: 4 n m d and 2 n^2 m
EXPECTED = {"dense": {"n": 1, "d": 1, "width": 1}, "gram": {"n": 2, "d": 0, "width": 1}}


def slope(points):
    """The exponent b of t = a x^b by least squares in the logarithms."""
    xs, ys = zip(*((math.log(x), math.log(y)) for x, y in points))
    x, y = statistics.fmean(xs), statistics.fmean(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys)) / sum((a - x) ** 2 for a in xs)


def step_time(binary, dynamics, sizes, seconds):
    more = ["--set", f"dynamics={dynamics}"]
    for name, size in sizes.items():
        more += ["--set", f"{FIELD[name]}={[size] if name == 'width' else size}"]
    row = compare.ours(binary, FILE, "gd", seconds, *more)
    if "error" in row:
        raise RuntimeError(row["error"])
    return row["min_ms"], row["median_ms"]


def exponents(binary, rounds, seconds):
    """Of the median time of a step of gradient descent, each way: the least of a few rounds at each size, sizes in turn."""
    out = []
    for dynamics in EXPECTED:
        for name, sizes in SIZES.items():
            best = {size: math.inf for size in sizes}
            for _ in range(rounds):
                for size in sizes:
                    best[size] = min(best[size], step_time(binary, dynamics, BASE | {name: size}, seconds)[1])
            out.append({"dynamics": dynamics, "in": name, "ms": best, "exponent": slope(best.items()), "expected": EXPECTED[dynamics][name]})
    return out


def in_steps(binary):
    """The exponent of a trajectory's time in its number of steps."""
    out = []
    for dynamics in EXPECTED:
        points = {}
        for steps in (200, 400, 800, 1600):
            settings = (f"stop.steps={steps}", f"dynamics={dynamics}", "data.n_train=100", "model.hidden=[128]")
            row = compare.ours(binary, FILE, "gd", 1e9, *(part for setting in settings for part in ("--set", setting)))
            points[steps] = row["mean_ms"] * row["steps"]
        out.append({"dynamics": dynamics, "in": "steps", "ms": points, "exponent": slope(points.items()), "expected": 1})
    return out


def run_all(program, jobs):
    """Seconds of an experiment of eight equal runs, so many at a time."""
    with tempfile.TemporaryDirectory(prefix="steepest-runs-") as folder:
        command = [program, "run", str(HERE / "shapes" / "equal-runs.toml"), "--jobs", str(jobs), "--out", folder]
        start = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True, cwd=compare.problem.ROOT)
        return time.perf_counter() - start


def efficiency(program, rounds):
    """Time with one worker over workers times the time with that many, for two workers and for one a core."""
    out = []
    for workers in sorted({2, os.cpu_count()} - {1}):
        alone, together = [], []
        for _ in range(rounds):
            alone.append(run_all(program, 1))
            together.append(run_all(program, workers))
        one, many = statistics.median(alone), statistics.median(together)
        out.append({"workers": workers, "one_s": one, "many_s": many, "efficiency": one / (workers * many)})
    return out


def memory(binary, shapes):
    """Largest resident memory of a process that takes a few steps of gradient descent, and of one that only imports."""
    out = []
    for shape in shapes:
        file = HERE / "shapes" / f"{shape}.toml"
        row = {"shape": shape, "ours": compare.ours(binary, file, "gd", 0.2).get("peak_mib"),
               "ours dense": compare.ours(binary, file, "gd", 0.2, "--set", "dynamics=dense").get("peak_mib")}
        for variant in ("eager", "jit"):
            command = [sys.executable, str(HERE / "steps.py"), str(file), "--run", "gd", "--variant", variant, "--seconds", "0"]
            answer = subprocess.run(command, capture_output=True, text=True, check=True)
            row[variant] = json.loads(answer.stdout.splitlines()[-1])["peak_mib"]
        out.append(row)
    code = "import resource, {}; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    imports = {name: float(subprocess.run([sys.executable, "-c", code.format(name)], capture_output=True, text=True, check=True).stdout)
               for name in ("torch", "jax")}
    return {"shapes": out, "imports": imports}


def tables(measured):
    """Markdown of all that was measured."""
    out = ["| dynamics | in | sizes | ms | exponent | flops say |", "|---|---|---|---|---|---|"]
    for row in measured["exponents"]:
        sizes, times = ", ".join(map(str, row["ms"])), ", ".join(f"{t:.3g}" for t in row["ms"].values())
        out.append(f"| {row['dynamics']} | {row['in']} | {sizes} | {times} | {row['exponent']:.2f} | {row['expected']} |")
    out += ["", "| workers | one worker s | all s | efficiency |", "|---|---|---|---|"]
    out += [f"| {e['workers']} | {e['one_s']:.2f} | {e['many_s']:.2f} | {e['efficiency']:.2f} |" for e in measured["efficiency"]]
    imports = measured["memory"]["imports"]
    out += ["", f"Importing torch alone takes {imports['torch']:.0f} MiB, importing jax {imports['jax']:.0f} MiB.", "",
            "| n, d, width | ours MiB | ours dense | PyTorch eager | JAX |", "|---|---|---|---|---|"]
    for row in measured["memory"]["shapes"]:
        show = lambda key: "" if row[key] is None else f"{row[key]:.0f}"
        out.append(f"| {', '.join(row['shape'].split('-')[1:])} | {show('ours')} | {show('ours dense')} | {show('eager')} | {show('jit')} |")
    return out


def measure(program, binary, shapes, rounds, seconds):
    """Everything of this file."""
    return {"exponents": exponents(binary, rounds, seconds) + in_steps(binary), "efficiency": efficiency(program, rounds),
            "memory": memory(binary, shapes)}
