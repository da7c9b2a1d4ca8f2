#!/usr/bin/env python3
"""The quick figures of the paper as PyTorch programs: the same runs, seeds, shapes and steps, rows at the same steps.

    python figures.py fig1          # one figure on every core; prints its seconds

Autograd in float64, one process a core with one thread each (at these sizes quicker than one process with all of them).  A row is what the
figure draws: loss, train and test accuracy, the smallest margin, the norms that divide it.  Two-sided coordinate descent is the plain one
here, which does less.  Nothing is drawn, and importing torch is not timed: what the program does besides is on its side of the balance.
"""
import argparse
import json
import math
import multiprocessing
import os
import shutil
import statistics
import subprocess
import tempfile
import time

import problem

#: least ratio of wall times
TARGETS = {"fig1": 10, "fig2": 6, "fig3": 30}


def due(step, record):
    """The program's own rule: every step up to `every_until`, then so many rows a decade."""
    decades = lambda s: math.floor(math.log10(s) * record.get("per_decade", 100))
    return step <= record.get("every_until", 100) or decades(step) > decades(step - 1)


def norms(parameters, names):
    import torch
    measures = {
        "l1": lambda: sum(p.abs().sum() for p in parameters),
        "l2": lambda: sum(p.square().sum() for p in parameters).sqrt(),
        "linf": lambda: max(p.abs().max() for p in parameters),
        "spectral": lambda: max(torch.linalg.matrix_norm(p, 2) if p.ndim == 2 else p.norm() for p in parameters),
    }
    return [float(measures[name]()) for name in names]


def train(run, seed, dtype="float64"):
    """The rows of one run."""
    import torch
    import torch_steps
    task = torch_steps.Task(run, dtype, seed)
    record, step, switch = run.get("record", {}), run["step"], run.get("switch")
    # figures 1 and 2 draw margins in entrywise norms
    names = record.get("norms", ["l1", "l2", "linf"])
    descent, power, rows = torch_steps.optimiser(run, task.trained), step.get("power", 0.0), []
    threshold = math.log(2.0) if task.is_logistic else 1.0
    for t in range(run["stop"]["steps"] + 1):
        descent.zero_grad(set_to_none=True)
        margins = task.labels * task.forward(task.inputs)
        loss = task.loss(margins)
        if due(t, record):
            with torch.no_grad():
                test = task.test_labels * task.forward(task.test_inputs)
                rows.append([t, loss.item(), (margins > 0).double().mean().item(), (test > 0).double().mean().item(),
                             margins.min().item(), *norms(task.trained, names)])
        if switch and loss.item() * (len(margins) if task.is_mean else 1) < threshold:
            descent = torch_steps.optimiser({**run, **switch}, task.trained)
            switch = None
        loss.backward()
        if power:
            descent.param_groups[0]["lr"] = step["size"] * (t + 1) ** -power
        descent.step()
    return rows


def one(job):
    import torch
    torch.set_num_threads(1)
    return train(*job)


def figure(name, cores, dtype="float64"):
    """Seconds of all runs of a quick figure, and how many rows they gave."""
    import torch_steps  # noqa: F401: imported before the clock starts, for the workers too
    import torch_optimizer  # noqa: F401
    runs, seeds = problem.read(problem.ROOT / f"experiments/paper/{name}-quick.toml")
    jobs = [(run, seed, dtype) for run in runs.values() for seed in seeds]
    # the longest first
    jobs.sort(key=lambda job: problem.optimiser(job[0])[0].startswith("shampoo"), reverse=True)
    start = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(cores) as pool:
        rows = pool.map(one, jobs, chunksize=1)
    return {"figure": name, "seconds": time.perf_counter() - start, "runs": len(jobs), "rows": sum(map(len, rows)), "cores": cores, "dtype": dtype}


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


def compare(program, names, rounds):
    """Peer and ours in turn; ours twice as often, since it is short."""
    import sys
    compared = []
    for name in names:
        peers, mine, load = [], [], []
        for _ in range(rounds):
            mine.append(ours(program, name))
            peers.append(json.loads(subprocess.run([sys.executable, __file__, name], capture_output=True, text=True, check=True).stdout))
            mine.append(ours(program, name))
            load.append(os.getloadavg()[0])
        compared.append({"figure": name, "peer": peers, "ours_s": mine, "load": load})
        print(line(compared[-1]), flush=True)
    return compared


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
    arguments = parser.parse_args()
    print(json.dumps(figure(arguments.figure, arguments.cores, arguments.dtype)))


if __name__ == "__main__":
    main()
