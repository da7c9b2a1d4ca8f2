#!/usr/bin/env python3
"""Whether every variant takes the same steps: parameters after twenty steps from one start, against autograd's. Exit code 1 if not."""
import sys

import numpy as np

import jax_steps
import problem
import torch_steps

STEPS, TOLERANCE = 20, 1e-8
#: the compiled Adam of torch takes powers of beta in single precision
LOOSE = {("adam", "compiled"): 1e-5}


def after(step, steps):
    for _ in range(steps):
        step()
    return [np.asarray(p.detach() if hasattr(p, "detach") else p).copy() for p in step.parameters()]


def main():
    runs, _ = problem.read(problem.ROOT / "bench/peers/shapes/mnist-100-784-128.toml")
    is_same = True
    for name, run in runs.items():
        variants = {v: getattr(torch_steps, v) for v in ("eager", "compiled", "by_hand")}
        variants["jit"] = jax_steps.jit
        steps = 3 if name == "shampoo" else STEPS
        start = problem.initial(run, 784)
        found = {variant: after(build(run, "float64"), steps) for variant, build in variants.items()}
        moved = max(np.abs(a - b).max() for a, b in zip(found["eager"], start))
        for variant, parameters in found.items():
            difference = max(np.abs(a - b).max() for a, b in zip(found["eager"], parameters)) / moved
            agrees = moved > 0 and difference < LOOSE.get((name, variant), TOLERANCE)
            is_same &= agrees
            print(f"{name:9} {variant:9} differs by {difference:.1e} of the way gone{'' if agrees else '   NOT THE SAME'}")
    return 0 if is_same else 1


if __name__ == "__main__":
    sys.exit(main())
