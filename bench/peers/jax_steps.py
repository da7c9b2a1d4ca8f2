"""A full-batch step of a one-hidden-layer network in JAX: one jitted function, its buffers donated."""
import jax
import jax.numpy as jnp

import problem

jax.config.update("jax_enable_x64", True)


def polar(gradient):
    if gradient.ndim == 1:
        return gradient / jnp.linalg.norm(gradient)
    left, values, right = jnp.linalg.svd(gradient, full_matrices=False)
    return (left * (values > 1e3 * jnp.finfo(values.dtype).eps * values[0])) @ right


def coordinate(gradients):
    """The gradients with every entry but the largest of all set to zero, as (place, value) in each."""
    places = [jnp.argmax(jnp.abs(g)) for g in gradients]
    values = jnp.stack([g.reshape(-1)[place] for g, place in zip(gradients, places)])
    largest = jnp.argmax(jnp.abs(values))
    return [(place, jnp.where(largest == k, values[k], 0.0)) for k, place in enumerate(places)]


def inverse_root(matrix, power, least):
    values, vectors = jnp.linalg.eigh(matrix)
    return (vectors * jnp.maximum(values, least) ** power) @ vectors.T


def shampoo(gradient, sides, name, least):
    """The direction and the new preconditioners: by the paper's Eq. (76), or by the formulas of the package, whose second side sees what the first left."""
    matrix = gradient if gradient.ndim == 2 else gradient[:, None]
    power = -0.25 if name == "shampoo76" else -0.5
    power = power if gradient.ndim == 2 else 2.0 * power
    left = sides[0] + matrix @ matrix.T
    half = inverse_root(left, power, least) @ matrix
    if gradient.ndim == 1:
        return half[:, 0], [left]
    seen = matrix if name == "shampoo76" else half
    right = sides[1] + seen.T @ seen
    return half @ inverse_root(right, power, least), [left, right]


def first_state(name, table, parameters):
    """The memory of an optimiser before its first step."""
    if name.startswith("shampoo"):
        return [[table["eps"] * jnp.eye(size, dtype=p.dtype) for size in p.shape] for p in parameters]
    zeros = lambda: [jnp.zeros_like(p) for p in parameters]
    count = jnp.zeros((), jnp.int32)
    return {"momentum": (count, zeros(), []), "adam": (count, zeros(), zeros())}.get(name, ())


def update(name, table, lr, parameters, gradients, state):
    """New parameters and state."""
    less = lambda directions: [p - lr * u for p, u in zip(parameters, directions)]
    if name == "gd":
        return less(gradients), state
    if name == "sd":
        return less([jnp.sign(g) for g in gradients]), state
    if name == "spectral":
        return less([polar(g) for g in gradients]), state
    if name.startswith("shampoo"):
        found = [shampoo(g, sides, name, table["eps"]) for g, sides in zip(gradients, state)]
        return less([u for u, _ in found]), [sides for _, sides in found]
    if name == "cd":
        moved = zip(parameters, coordinate(gradients))
        return [p.reshape(-1).at[place].add(-lr * value).reshape(p.shape) for p, (place, value) in moved], state
    count, first, second = state
    if name == "momentum":
        beta = table["momentum"]["beta"]
        # as in torch: the memory starts as the first gradient
        first = [jnp.where(count == 0, g, beta * m + (1.0 - beta) * g) for m, g in zip(first, gradients)]
        return less(first), (count + 1, first, second)
    count = count + 1
    beta1, beta2 = table["beta1"], table["beta2"]
    first = [beta1 * m + (1.0 - beta1) * g for m, g in zip(first, gradients)]
    second = [beta2 * v + (1.0 - beta2) * g * g for v, g in zip(second, gradients)]
    scale1, scale2 = 1.0 - beta1**count, 1.0 - beta2**count
    directions = [m / scale1 / (jnp.sqrt(v / scale2) + table["eps"]) for m, v in zip(first, second)]
    return less([u.astype(p.dtype) for u, p in zip(directions, parameters)]), (count, first, second)


def jit(run, dtype):
    """The jitted step; calling it waits for its result."""
    name, table = problem.optimiser(run)
    (inputs, labels), _ = problem.split(run)
    parameters = [jnp.asarray(p, dtype) for p in problem.initial(run, inputs.shape[1])]
    inputs, labels, lr = jnp.asarray(inputs, dtype), jnp.asarray(labels, dtype), run["step"]["size"]
    is_logistic, is_mean = run["loss"]["kind"] == "logistic", run["loss"].get("reduction", "sum") == "mean"

    def loss(parameters):
        hidden, output = parameters
        margins = labels * (jax.nn.relu(inputs @ hidden.T) @ output)
        terms = jax.nn.softplus(-margins) if is_logistic else jnp.exp(-margins)
        return terms.mean() if is_mean else terms.sum()

    def one(parameters, state):
        value, gradients = jax.value_and_grad(loss)(parameters)
        return *update(name, table, lr, parameters, gradients, state), value

    one = jax.jit(one, donate_argnums=(0, 1))
    held = [parameters, first_state(name, table, parameters)]

    def step():
        held[0], held[1], value = one(*held)
        jax.block_until_ready((held[0], value))

    step.parameters = lambda: held[0]
    return step
