#!/usr/bin/env python3
"""Times one full-batch step of the runs of an experiment file in PyTorch and JAX; prints one JSON object a row.

    python steps.py shapes/mnist-100-784-128.toml                  # every optimiser and variant, float64, one thread
    python steps.py FILE --run gd --variant eager --dtype float32 --threads 2

`--serve` reads requests as JSON lines and answers each with a row, so that two programs can be timed in turn; what was built or
compiled for a request is kept for its next one.  `bench/src/bin/steps` prints rows with the same fields.
"""
import argparse
import json
import os
import resource
import statistics
import sys
import time

TORCH, JAX = ("eager", "compiled", "by_hand", "products"), ("jit",)
#: a step that takes longer than this is repeated only as often as asked for the dear ones
DEAR = 0.1


def prepare(variant, run, dtype):
    if variant in JAX:
        import jax_steps
        return getattr(jax_steps, variant)(run, dtype)
    import torch_steps
    return getattr(torch_steps, variant)(run, dtype)


def limit_threads(threads, variants):
    """JAX has no number of threads: it sees only so many cores."""
    if any(v in JAX for v in variants):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
    if any(v in TORCH for v in variants):
        import torch
        torch.set_num_threads(threads)


def versions(variant):
    if variant in JAX:
        import jax
        import threadpoolctl
        kernels = {f"{pool['internal_api']} {pool.get('architecture', '')}".strip() for pool in threadpoolctl.threadpool_info()}
        return f"jax {jax.__version__}", "XLA; " + ", ".join(sorted(kernels))
    import torch
    return f"torch {torch.__version__}", f"MKL, {torch.backends.cpu.get_cpu_capability()}"


def clocked(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def take_times(step, seconds, at_least=30, dear=3, warm_up=3):
    """Seconds of single steps, after a warm-up (a dear one's is the call that prepared it, and one more)."""
    first = clocked(step)
    typical = first if first > DEAR else min(clocked(step) for _ in range(warm_up))
    enough = dear if typical > DEAR else at_least
    times, end = [], time.perf_counter() + seconds
    while len(times) < enough or time.perf_counter() < end:
        times.append(clocked(step))
    return times


class Timer:
    """Prepared steps by request."""

    def __init__(self, threads):
        self.threads, self.prepared, self.runs = threads, {}, {}

    def row(self, file, run, variant, dtype, seconds, at_least=30, dear=3):
        key = (file, run, variant, dtype)
        start, is_new = time.perf_counter(), key not in self.prepared
        if file not in self.runs:
            import problem
            self.runs[file], _ = problem.read(file)
        table = self.runs[file][run]
        if is_new:
            step = prepare(variant, table, dtype)
            step()
            self.prepared[key] = (step, time.perf_counter() - start)
        step, setup = self.prepared[key]
        times = take_times(step, seconds, at_least, dear)
        version, blas = versions(variant)
        data = table["data"]
        return {
            "program": version.split()[0], "version": version, "variant": variant, "optimizer": run,
            "n": data["n_train"], "d": data.get("n_inputs", 784), "width": table["model"]["hidden"][0],
            "dtype": dtype, "threads": self.threads, "blas": blas, "setup_s": setup, "steps": len(times),
            "median_ms": 1e3 * statistics.median(times), "min_ms": 1e3 * min(times), "mean_ms": 1e3 * statistics.fmean(times),
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }

    def forget(self):
        self.prepared.clear()


def serve(timer):
    for line in sys.stdin:
        request = json.loads(line)
        if request.pop("forget", False):
            timer.forget()
            answer = {}
        else:
            try:
                answer = timer.row(**request)
            except Exception as error:  # the other side goes on with its next row
                answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?")
    parser.add_argument("--run", action="append")
    parser.add_argument("--variant", action="append", choices=TORCH + JAX)
    parser.add_argument("--dtype", default="float64")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--serve", action="store_true")
    arguments = parser.parse_args()
    variants = arguments.variant or ["eager", "compiled", "by_hand"]
    limit_threads(arguments.threads, variants)
    timer = Timer(arguments.threads)
    if arguments.serve:
        return serve(timer)
    import problem
    for run in arguments.run or problem.read(arguments.file)[0]:
        for variant in variants:
            print(json.dumps(timer.row(arguments.file, run, variant, arguments.dtype, arguments.seconds)), flush=True)


if __name__ == "__main__":
    main()
