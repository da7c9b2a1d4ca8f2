#!/usr/bin/env python3
"""The quick figures of the paper as PyTorch and JAX programs: the same runs, seeds, shapes and steps, rows at the same steps.

    python figures.py fig1                              # one figure on every core, by autograd in float64; prints its seconds
    python figures.py fig1 --variant jit --dtype float32

One process a core with one thread each (at these sizes quicker than one process with all of them).  A row is what the
figure draws: loss, train and test accuracy, the smallest margin, the norms that divide it.  Two-sided coordinate descent is the plain one
here, which does less.  Nothing is drawn, and importing torch is not timed, but compiling is: what the program does besides is on its side of the balance.
"""
import argparse
import json
import math
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import problem

#: least ratio of wall times
TARGETS = {"fig1": 10, "fig2": 6, "fig3": 30}
#: what else a figure is compared with: a variant and a precision
OTHERS = (("compiled", "float64"), ("by_hand", "float64"), ("jit", "float64"), ("eager", "float32"), ("jit", "float32"))


def due(step, record):
    """The program's own rule: every step up to `every_until`, then so many rows a decade."""
    decades = lambda s: math.floor(math.log10(s) * record.get("per_decade", 100))
    return step <= record.get("every_until", 100) or decades(step) > decades(step - 1)


def variant_of(name):
    """The class of a peer's runs."""
    if name == "jit":
        import jax_runs
        return jax_runs.Jit
    import torch_runs
    return torch_runs.RUNS[name]


def train(run, seed, dtype="float64", variant="eager"):
    """The rows of one run."""
    training = variant_of(variant)(run, dtype, seed)
    record, switch = run.get("record", {}), run.get("switch")
    # figures 1 and 2 draw margins in entrywise norms
    names = record.get("norms", ["l1", "l2", "linf"])
    is_mean, n = run["loss"].get("reduction", "sum") == "mean", run["data"]["n_train"]
    threshold = math.log(2.0) if run["loss"]["kind"] == "logistic" else 1.0
    step, rows = run["step"], []
    for t in range(run["stop"]["steps"] + 1):
        lr = step["size"] * (t + 1) ** -step.get("power", 0.0)
        training.begin(lr)
        if due(t, record):
            rows.append([t, *training.row(names)])
        if switch and training.loss_now() * (n if is_mean else 1) < threshold:
            run = {**run, **switch}
            step, switch = run["step"], None
            training.take_over(run)
            training.begin(step["size"])
        training.advance()
    return rows


def one(job):
    return train(*job)


def begin_worker(variant, cores):
    """One core and one thread for each worker, and what takes long to import."""
    mine = cores.get()
    if variant == "jit":
        # JAX has no number of threads
        os.sched_setaffinity(0, [mine])
    else:
        import torch
        torch.set_num_threads(1)
        import torch_optimizer  # noqa: F401
    variant_of(variant)


def nothing(_):
    time.sleep(0.2)


def figure(name, n_cores, dtype="float64", variant="eager"):
    """Seconds of all runs of a quick figure, and how many rows they gave; compiling counts, importing does not."""
    runs, seeds = problem.read(problem.ROOT / f"experiments/paper/{name}-quick.toml")
    jobs = [(run, seed, dtype, variant) for run in runs.values() for seed in seeds]
    # the longest first
    jobs.sort(key=lambda job: problem.optimiser(job[0])[0].startswith("shampoo"), reverse=True)
    context = multiprocessing.get_context("spawn")
    cores = context.Queue()
    for core in sorted(os.sched_getaffinity(0))[-n_cores:]:
        cores.put(core)
    with context.Pool(n_cores, begin_worker, (variant, cores)) as pool:
        pool.map(nothing, range(n_cores), chunksize=1)
        start = time.perf_counter()
        rows = pool.map(one, jobs, chunksize=1)
        seconds = time.perf_counter() - start
    ends = [row[-1][:5] for row in rows]
    return {"figure": name, "variant": variant, "seconds": seconds, "runs": len(jobs), "rows": sum(map(len, rows)), "cores": n_cores, "dtype": dtype, "ends": ends}


def ours(program, name):
    """Seconds of `steepest reproduce`, from the start of the process to the drawn figure."""
    folder = tempfile.mkdtemp(prefix="steepest-figures-")
    command = [program, "reproduce", name, "--scale", "quick", "--out", folder]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=problem.ROOT)
    seconds = time.perf_counter() - start
    shutil.rmtree(folder)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return seconds


def peer(name, variant="eager", dtype="float64"):
    """What `figure` gives, in a process of its own."""
    command = [sys.executable, __file__, name, "--variant", variant, "--dtype", dtype]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def compare(program, names, rounds, has_others):
    """Peer and ours in turn; ours twice as often, since it is short. Then, if asked for, every other peer once, with ours beside it."""
    compared = []
    for name in names:
        peers, mine, load = [], [], []
        for _ in range(rounds):
            mine.append(ours(program, name))
            peers.append(peer(name))
            mine.append(ours(program, name))
            load.append(os.getloadavg()[0])
        others = [{**peer(name, *other), "ours_s": ours(program, name)} for other in (OTHERS if has_others else ())]
        compared.append({"figure": name, "peer": peers, "ours_s": mine, "load": load, "others": others})
        print(line(compared[-1]), *other_lines(compared[-1]), sep="\n", flush=True)
    return compared


OTHERS_HEADER = """| quick figure | peer | precision | its s | ours s (float64) | ratio |
|---|---|---|---|---|---|"""


def other_lines(entry):
    names = {"eager": "PyTorch, autograd", "compiled": "PyTorch, loss compiled", "by_hand": "PyTorch, gradient by hand", "jit": "JAX, jit"}
    return [f"| {entry['figure']} | {names[other['variant']]} | {other['dtype']} | {other['seconds']:.1f} | {other['ours_s']:.2f} | "
            f"{other['seconds'] / other['ours_s']:.1f} |" for other in entry["others"]]


HEADER = """| quick figure | runs | PyTorch s | ours s | ratio | target | load |
|---|---|---|---|---|---|---|"""


def line(entry):
    peer, mine = statistics.median(p["seconds"] for p in entry["peer"]), statistics.median(entry["ours_s"])
    target = TARGETS[entry["figure"]]
    verdict = "met" if peer / mine >= target else "missed"
    return (f"| {entry['figure']} | {entry['peer'][0]['runs']} | {peer:.1f} | {mine:.2f} | {peer / mine:.1f} | {target}: {verdict} | "
            f"{statistics.median(entry['load']):.1f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figure", choices=TARGETS)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--variant", default="eager", choices=("eager", "compiled", "by_hand", "jit"))
    arguments = parser.parse_args()
    print(json.dumps(figure(arguments.figure, arguments.cores, arguments.dtype, arguments.variant)))


if __name__ == "__main__":
    main()
