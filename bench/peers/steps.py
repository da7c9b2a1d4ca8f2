"""Time of one full-batch step in PyTorch (eager, compiled, and with the gradient by hand) and in JAX (jit).

    python -m venv VENV && VENV/bin/pip install -r requirements.txt
    VENV/bin/python steps.py [--threads 1] [--dtype float64] [--seconds 1.0]

The network is f(x) = sum_j u_j relu(<w_j, x>) with both layers trained on Gaussian inputs, the loss the sum of e^(-y f): the problem of
`cargo bench -p steepest-bench`, whose tables are to be read beside this one. A step is everything from theta to the next theta. The median of
as many steps as fit the time is printed, after two that are not counted.
"""

import argparse
import json
import os
import platform
import statistics
import time

SHAPES = [(100, 784, 128), (200, 784, 1024)]
RATE = 1e-6


def timed(step, seconds):
    """Median seconds of a step."""
    step()
    step()
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


class CoordinateDescent:
    """theta_i -= rate g_i for the largest |g_i| over all blocks."""

    def __init__(self, blocks):
        self.blocks = blocks

    def step(self):
        import torch

        with torch.no_grad():
            found = [(b, int(b.grad.abs().argmax())) for b in self.blocks]
            block, k = max(found, key=lambda at: abs(float(at[0].grad.view(-1)[at[1]])))
            block.view(-1)[k] -= RATE * block.grad.view(-1)[k]


class Direction:
    """theta -= rate direction(g), block by block."""

    def __init__(self, blocks, direction):
        self.blocks, self.direction = blocks, direction

    def step(self):
        import torch

        with torch.no_grad():
            for block in self.blocks:
                block.sub_(self.direction(block.grad), alpha=RATE)


def polar(g):
    import torch

    if g.dim() == 1:
        return g / g.norm()
    u, _, vt = torch.linalg.svd(g, full_matrices=False)
    return u @ vt


def optimizer(name, blocks):
    import torch

    if name == "gd":
        return torch.optim.SGD(blocks, lr=RATE)
    if name == "momentum":
        return torch.optim.SGD(blocks, lr=RATE, momentum=0.9)
    if name == "adam":
        return torch.optim.Adam(blocks, lr=RATE)
    if name == "sd":
        return Direction(blocks, torch.sign)
    if name == "cd":
        return CoordinateDescent(blocks)
    if name == "spectral":
        return Direction(blocks, polar)
    import torch_optimizer

    return torch_optimizer.Shampoo(blocks, lr=RATE)


def problem(shape, dtype):
    import torch

    n, d, width = shape
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(n, d, generator=draw, dtype=dtype)
    y = torch.randn(n, generator=draw, dtype=dtype).sign()
    w = 0.01 * torch.randn(width, d, generator=draw, dtype=dtype)
    u = 0.01 * torch.randn(width, generator=draw, dtype=dtype)
    return x, y, w, u


def eager(shape, name, dtype, compiled=False):
    import torch

    x, y, w, u = problem(shape, dtype)
    w.requires_grad_()
    u.requires_grad_()

    def loss(w, u):
        return torch.exp(-y * (torch.relu(x @ w.T) @ u)).sum()

    if compiled:
        loss = torch.compile(loss)
    rule = optimizer(name, [w, u])

    def step():
        w.grad = u.grad = None
        loss(w, u).backward()
        rule.step()

    return step


def by_hand(shape, name, dtype):
    import torch

    x, y, w, u = problem(shape, dtype)
    rule = optimizer(name, [w, u])

    def step():
        h = torch.relu(x @ w.T)
        c = -y * torch.exp(-y * (h @ u))
        u.grad = h.T @ c
        w.grad = ((h > 0) * c[:, None] * u).T @ x
        rule.step()

    return step


def jitted(shape, dtype):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    x, y, w, u = (jnp.asarray(t.numpy()) for t in problem(shape, dtype))

    def loss(w, u):
        return jnp.exp(-y * (jax.nn.relu(x @ w.T) @ u)).sum()

    @jax.jit
    def update(w, u):
        g, h = jax.grad(loss, argnums=(0, 1))(w, u)
        return w - RATE * g, u - RATE * h

    at = [w, u]

    def step():
        at[:] = jax.block_until_ready(update(*at))

    return step


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--dtype", default="float64")
    arguments.add_argument("--seconds", type=float, default=1.0, help="for each row")
    arguments.add_argument("--json", help="a file for the rows")
    given = arguments.parse_args()
    # before the libraries start their threads
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.threads])
    import jax
    import torch

    torch.set_num_threads(given.threads)
    dtype = getattr(torch, given.dtype)
    load = os.getloadavg()[0]
    print(f"torch {torch.__version__}, jax {jax.__version__}, Python {platform.python_version()}, {given.dtype}, "
          f"{given.threads} thread(s), load {load:.1f}")
    rows = []

    def row(shape, name, way, step):
        milliseconds = 1e3 * timed(step, given.seconds)
        rows.append({"shape": shape, "optimizer": name, "way": way, "ms": milliseconds})
        print("{:>5} {:>5} {:>5}  {:<9} {:<9} {:>10.3f} ms".format(*shape, name, way, milliseconds), flush=True)

    for shape in SHAPES:
        for name in ["gd", "momentum", "sd", "cd", "adam", "spectral", "shampoo"]:
            if name == "shampoo" and shape[2] > 128:
                continue
            row(shape, name, "eager", eager(shape, name, dtype))
        for name in ["gd", "sd", "adam"]:
            row(shape, name, "by hand", by_hand(shape, name, dtype))
        row(shape, "gd", "compiled", eager(shape, "gd", dtype, compiled=True))
        row(shape, "gd", "jax jit", jitted(shape, dtype))
    if given.json:
        with open(given.json, "w", encoding="utf-8") as file:
            json.dump({"load": load, "rows": rows}, file, indent=1)


if __name__ == "__main__":
    main()
