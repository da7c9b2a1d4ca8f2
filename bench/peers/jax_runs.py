"""Whole runs in JAX, for the figures: one jitted step, compiled once for all runs of a process that share optimiser and shapes."""
import functools

import jax
import jax.numpy as jnp

import jax_steps
import problem


@functools.partial(jax.jit, static_argnames=("name", "table", "is_logistic", "is_mean", "is_frozen"))
def step(parameters, state, inputs, labels, lr, *, name, table, is_logistic, is_mean, is_frozen):
    """The next parameters and state, and loss and margins at the present ones."""
    def loss(parameters):
        hidden, output = parameters
        margins = labels * (jax.nn.relu(inputs @ hidden.T) @ output)
        terms = jax.nn.softplus(-margins) if is_logistic else jnp.exp(-margins)
        return (terms.mean() if is_mean else terms.sum()), margins

    (value, margins), gradients = jax.value_and_grad(loss, has_aux=True)(parameters)
    n_trained = 1 if is_frozen else 2
    moved, state = jax_steps.update(name, dict(table), lr, parameters[:n_trained], gradients[:n_trained], state)
    return moved + parameters[n_trained:], state, value, margins


@functools.partial(jax.jit, static_argnames=("names",))
def measure(trained, names):
    measures = {
        "l1": lambda: sum(jnp.abs(p).sum() for p in trained),
        "l2": lambda: jnp.sqrt(sum(jnp.square(p).sum() for p in trained)),
        "linf": lambda: functools.reduce(jnp.maximum, [jnp.abs(p).max() for p in trained]),
        "spectral": lambda: functools.reduce(jnp.maximum, [jnp.linalg.norm(p, 2) for p in trained]),
    }
    return [measures[name]() for name in names]


@jax.jit
def share_above_zero(parameters, inputs, labels):
    hidden, output = parameters
    return (labels * (jax.nn.relu(inputs @ hidden.T) @ output) > 0).mean()


class Jit:
    def __init__(self, run, dtype, seed):
        (inputs, labels), (test_inputs, test_labels) = problem.split(run, seed)
        self.inputs, self.labels, self.test_inputs, self.test_labels = (
            jnp.asarray(a, dtype) for a in (inputs, labels, test_inputs, test_labels))
        self.parameters = [jnp.asarray(p, dtype) for p in problem.initial(run, inputs.shape[1], seed)]
        self.is_frozen = 2 in run["model"].get("frozen", [])
        self.is_logistic = run["loss"]["kind"] == "logistic"
        self.is_mean = run["loss"].get("reduction", "sum") == "mean"
        self.take_over(run)

    def take_over(self, run):
        """From here on in this run's optimiser."""
        self.name, table = problem.optimiser(run)
        self.table = tuple(sorted(table.items()))
        trained = self.parameters[:1] if self.is_frozen else self.parameters
        self.state = jax_steps.first_state(self.name, table, trained)

    def begin(self, lr):
        """The whole step in one call, as JAX has it; its result waits for `advance`."""
        self.moved, self.moved_state, self.value, self.margins = step(
            self.parameters, self.state, self.inputs, self.labels, lr, name=self.name, table=self.table,
            is_logistic=self.is_logistic, is_mean=self.is_mean, is_frozen=self.is_frozen)

    def loss_now(self):
        return float(self.value)

    def advance(self):
        self.parameters, self.state = self.moved, self.moved_state

    def row(self, names):
        """Loss, train and test accuracy, the smallest margin, norms."""
        test = share_above_zero(self.parameters, self.test_inputs, self.test_labels)
        norms = measure(self.parameters[:1] if self.is_frozen else self.parameters, tuple(names))
        return [float(x) for x in (self.value, (self.margins > 0).mean(), test, self.margins.min(), *norms)]
