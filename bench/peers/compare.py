"""Steps of both sides in turn: peer, ours, peer, ours."""
import json
import math
import os
import statistics
import subprocess
import sys
from pathlib import Path

import machine
import problem

HERE = Path(__file__).resolve().parent
SHAPES = ("mnist-100-784-128", "mnist-200-784-1024", "teacher-200-784-1024")
HUGE = "teacher-250-32768-1024"

#: least ratio to autograd PyTorch in float64, by shape and optimiser
TARGETS = {
    ("mnist-100-784-128", "gd"): 10, ("mnist-100-784-128", "sd"): 2, ("mnist-100-784-128", "adam"): 2,
    ("mnist-100-784-128", "spectral"): 8, ("mnist-100-784-128", "shampoo"): 30,
    ("mnist-200-784-1024", "gd"): 6, ("mnist-200-784-1024", "sd"): 2, ("mnist-200-784-1024", "adam"): 2,
    ("mnist-200-784-1024", "spectral"): 30,
    (HUGE, "gd"): 200, (HUGE, "momentum"): 200, (HUGE, "spectral"): 500, (HUGE, "cd"): 3000, (HUGE, "sd"): 1000,
}
#: ours is compared by its mean over the trajectory where the work of a step changes on the way
BY_MEAN = {(HUGE, "cd"), (HUGE, "sd")}
#: seconds of the program's trajectories of 100,000 steps
LONG = {"cd": 60.0, "sd": 120.0}


class Peer:
    """A process that keeps what it built."""

    def __init__(self, threads, variant):
        command = [sys.executable, str(HERE / "steps.py"), "--serve", "--threads", str(threads), "--variant", variant]
        # a current numpy finds its kernel itself
        hidden = {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}
        environment = {k: v for k, v in os.environ.items() if k not in hidden} | {"OMP_NUM_THREADS": str(threads), "JAX_PLATFORMS": "cpu"}
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)

    def ask(self, **request):
        print(json.dumps(request), file=self.process.stdin, flush=True)
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise RuntimeError("the peer has ended")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def ours(binary, file, run, seconds, *more):
    answer = subprocess.run([binary, str(file), "--run", run, "--seconds", str(seconds), *more], capture_output=True, text=True, check=False, cwd=problem.ROOT)
    if answer.returncode != 0:
        return {"error": answer.stderr.strip()}
    return json.loads(answer.stdout)


def summary(rows):
    """One row of several rounds: medians of medians and means, smallest of all."""
    good = [row for row in rows if "error" not in row]
    if not good:
        return rows[0]
    middle = lambda field: statistics.median(row[field] for row in good)
    return good[0] | {"median_ms": middle("median_ms"), "mean_ms": middle("mean_ms"), "min_ms": min(row["min_ms"] for row in good),
                      "steps": sum(row["steps"] for row in good), "rounds": len(good)}


def variants(shape, run):
    """(variant, dtype) of the peers of one optimiser."""
    if shape == "teacher-200-784-1024":
        return [("eager", "float64")]
    if run == "shampoo":
        return [("eager", "float64"), ("jit", "float64"), ("eager", "float32")]
    if shape == HUGE:
        wanted = ["eager"] if run == "spectral" else ["eager", "by_hand", "jit"]
        return [(variant, "float64") for variant in wanted] + ([] if run == "spectral" else [("eager", "float32")])
    return [(v, "float64") for v in ("eager", "compiled", "by_hand", "jit")] + [("eager", "float32"), ("jit", "float32")]


class Comparison:
    """All rows of one shape."""

    def __init__(self, binary, shape, threads, rounds, seconds):
        self.binary, self.shape, self.rounds, self.seconds = binary, shape, rounds, seconds
        self.file = HERE / "shapes" / f"{shape}.toml"
        self.peers = {False: Peer(threads, "eager"), True: Peer(threads, "jit")}
        self.at_least, self.dear = math.ceil(30 / rounds), math.ceil((4 if shape == HUGE else 10) / rounds)

    def peer(self, run, variant, dtype):
        request = {"file": str(self.file), "run": run, "variant": variant, "dtype": dtype, "seconds": self.seconds}
        return self.peers[variant == "jit"].ask(**request, at_least=self.at_least, dear=self.dear)

    def program(self, run, *more):
        seconds = 2 * self.seconds if self.shape != HUGE else 6.0 if more else LONG.get(run, 10.0)
        return ours(self.binary, self.file, run, seconds, *more)

    def calls(self, run, round_):
        """What is timed in one round, in this order: (variant, dtype) and how to time it."""
        auto = (("ours", "float64"), lambda: self.program(run))
        order = []
        for variant, dtype in variants(self.shape, run):
            order.append(((variant, dtype), lambda v=variant, t=dtype: self.peer(run, v, t)))
            if self.shape != HUGE:
                order.append(auto)
        # a trajectory of 100,000 steps is long enough to be gone once
        if self.shape == HUGE and not (run in LONG and round_ > 0):
            order.append(auto)
        if run not in ("spectral", "shampoo"):
            order.append((("ours dense", "float64"), lambda: self.program(run, "--set", "dynamics=dense")))
        if run == "gd":
            order.append((("products", "float64"), lambda: self.peer(run, "products", "float64")))
            order.append((("our products", "float64"), lambda: self.program(run, "--products")))
        return order

    def optimiser(self, run):
        """{"variant dtype": row} of one optimiser, with the load while they were timed."""
        found, load = {}, []
        for round_ in range(self.rounds):
            for (variant, dtype), time_it in self.calls(run, round_):
                found.setdefault(f"{variant} {dtype}", []).append(time_it())
                load.append(os.getloadavg()[0])
        for peer in self.peers.values():
            peer.ask(forget=True)
        return {"shape": self.shape, "optimizer": run, "load": statistics.median(load), "rows": {key: summary(rows) for key, rows in found.items()}}

    def close(self):
        for peer in self.peers.values():
            peer.close()


def steps(binary, shapes, threads, rounds, seconds, runs=None):
    """Every optimiser of every shape."""
    compared = []
    for shape in shapes:
        comparison = Comparison(binary, shape, threads, rounds, seconds)
        for run in problem.read(comparison.file)[0]:
            if not runs or run in runs:
                compared.append(comparison.optimiser(run))
                print(line(compared[-1], threads), flush=True)
        comparison.close()
    return compared


HEADER = """| n, d, width | optimiser | ours, as | ours ms | dense ms | eager ms | compiled | by hand | JAX | eager f32 | JAX f32 | eager / ours | best of hand, JAX / ours | eager / dense | target | load |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"""


def line(compared, threads):
    """A line of the table."""
    rows, key = compared["rows"], (compared["shape"], compared["optimizer"])
    field = "mean_ms" if key in BY_MEAN else "median_ms"
    value = lambda name, field="median_ms": rows.get(name, {}).get(field, math.nan)
    show = lambda number, digits=3: "" if math.isnan(number) else f"{number:#.{digits}g}".rstrip(".")
    mine, dense, eager = value("ours float64", field), value("ours dense float64"), value("eager float64")
    strongest = min((t for t in (value("by_hand float64"), value("jit float64")) if not math.isnan(t)), default=math.nan)
    target = TARGETS.get(key)
    verdict = "" if target is None else f"{target}: {'met' if eager / mine >= target else 'missed'}"
    busy = ", busy" if machine.is_busy(compared["load"], threads) else ""
    how = rows["ours float64"].get("variant", rows["ours float64"].get("error", "?")) + (", mean" if key in BY_MEAN else "")
    shape = ", ".join(compared["shape"].split("-")[1:])
    numbers = [mine, dense, eager, value("compiled float64"), value("by_hand float64"), value("jit float64"), value("eager float32"),
               value("jit float32"), eager / mine, strongest / mine, eager / dense]
    return f"| {shape} | {compared['optimizer']} | {how} | " + " | ".join(map(show, numbers)) + f" | {verdict} | {compared['load']:.1f}{busy} |"


def products(compared):
    """How much of a dense step of gradient descent its matrix products would take alone: the quicker ones of both sides."""
    out = []
    for entry in compared:
        rows = entry["rows"]
        if not entry["shape"].startswith("teacher") or "products float64" not in rows:
            continue
        n, d, width = map(int, entry["shape"].split("-")[1:])
        times = {name: rows[f"{name} float64"].get("median_ms", math.nan) for name in ("products", "our products", "ours dense", "eager")}
        best = min(times["products"], times["our products"])
        out.append(f"| {n}, {d}, {width} | {times['our products']:.3g} | {times['products']:.3g} | {times['ours dense']:.3g} | "
                   f"{4e-6 * n * d * width / best:.1f} | {best / times['ours dense']:.2f} | {best / times['eager']:.2f} |")
    return out


PRODUCTS_HEADER = """| n, d, width | products, ours ms | products, torch ms | dense step, ours ms | peak GFLOP/s | ours of the peak | torch of the peak |
|---|---|---|---|---|---|---|"""
