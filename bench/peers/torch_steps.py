"""A full-batch step of a one-hidden-layer network in PyTorch: autograd, torch.compile, and a gradient written by hand."""
import warnings

import torch

import problem


class Task:
    """Data, parameters and loss of a run as tensors."""

    def __init__(self, run, dtype, seed=0):
        (inputs, labels), (test_inputs, test_labels) = problem.split(run, seed)
        tensor = lambda array: torch.tensor(array, dtype=getattr(torch, dtype))
        self.inputs, self.labels = tensor(inputs), tensor(labels)
        self.test_inputs, self.test_labels = tensor(test_inputs), tensor(test_labels)
        self.hidden, self.output = map(tensor, problem.initial(run, inputs.shape[1], seed))
        self.is_frozen = 2 in run["model"].get("frozen", [])
        self.trained = [self.hidden] if self.is_frozen else [self.hidden, self.output]
        for parameter in self.trained:
            parameter.requires_grad_()
        self.is_logistic = run["loss"]["kind"] == "logistic"
        self.is_mean = run["loss"].get("reduction", "sum") == "mean"

    def forward(self, inputs):
        return torch.relu(inputs @ self.hidden.T) @ self.output

    def loss(self, margins):
        terms = torch.nn.functional.softplus(-margins) if self.is_logistic else torch.exp(-margins)
        return terms.mean() if self.is_mean else terms.sum()


class Descent(torch.optim.Optimizer):
    """theta <- theta - update(gradients), for rules that torch does not have; `update` changes the parameters in place."""

    def __init__(self, parameters, lr, update):
        super().__init__(parameters, {"lr": lr})
        self.update, self.states = update, {}

    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        self.update(group["params"], [p.grad for p in group["params"]], group["lr"], self.states)


def sign_update(parameters, gradients, lr, _):
    for parameter, gradient in zip(parameters, gradients):
        parameter.sub_(lr * gradient.sign())


def coordinate_update(parameters, gradients, lr, _):
    places = [gradient.abs().argmax() for gradient in gradients]
    values = torch.stack([gradient.view(-1)[place] for gradient, place in zip(gradients, places)])
    largest = values.abs().argmax()
    for k, (parameter, place) in enumerate(zip(parameters, places)):
        parameter.view(-1)[place] -= torch.where(largest == k, lr * values[k], 0.0)


def polar(gradient):
    """U V^T over the singular values that are not rounding: with fewer samples than neurons the gradient has not full rank."""
    if gradient.ndim == 1:
        return gradient / gradient.norm()
    left, values, right = torch.linalg.svd(gradient, full_matrices=False)
    return (left * (values > 1e3 * torch.finfo(values.dtype).eps * values[0])) @ right


def spectral_update(parameters, gradients, lr, _):
    for parameter, gradient in zip(parameters, gradients):
        parameter.sub_(lr * polar(gradient))


def inverse_root(matrix, power):
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp(min=1e-16) ** power) @ vectors.T


def shampoo76_update(parameters, gradients, lr, states, eps=1e-4):
    for k, (parameter, gradient) in enumerate(zip(parameters, gradients)):
        matrix = gradient if gradient.ndim == 2 else gradient[:, None]
        if k not in states:
            states[k] = [eps * torch.eye(size, dtype=matrix.dtype) for size in matrix.shape]
        left, right = states[k]
        left.addmm_(matrix, matrix.T)
        right.addmm_(matrix.T, matrix)
        if gradient.ndim == 2:
            parameter.sub_(lr * inverse_root(left, -0.25) @ matrix @ inverse_root(right, -0.25))
        else:
            parameter.sub_(lr * (inverse_root(left, -0.5) @ gradient))


UPDATES = {"sd": sign_update, "cd": coordinate_update, "spectral": spectral_update, "shampoo76": shampoo76_update}


def optimiser(run, parameters, lr=None, fused=None):
    """The optimiser of a run."""
    name, table = problem.optimiser(run)
    lr = run["step"]["size"] if lr is None else lr
    if name == "gd":
        return torch.optim.SGD(parameters, lr=lr)
    if name == "momentum":
        beta = table["momentum"]["beta"]
        return torch.optim.SGD(parameters, lr=lr, momentum=beta, dampening=beta)
    if name == "adam":
        betas, eps = (table["beta1"], table["beta2"]), table["eps"]
        return torch.optim.Adam(parameters, lr=lr, betas=betas, eps=eps, fused=fused)
    if name == "shampoo":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torch_optimizer
        return torch_optimizer.Shampoo(parameters, lr=lr, momentum=0.0, epsilon=table["eps"], update_freq=1)
    return Descent(parameters, lr, UPDATES[name])


def eager(run, dtype):
    """Autograd, as one writes it."""
    task = Task(run, dtype)
    descent = optimiser(run, task.trained)

    def step():
        descent.zero_grad(set_to_none=True)
        task.loss(task.labels * task.forward(task.inputs)).backward()
        descent.step()

    step.parameters = lambda: [task.hidden, task.output]
    return step


def compiled(run, dtype):
    """torch.compile of the loss with its gradient, and of the optimiser's step where that is no factorisation."""
    task = Task(run, dtype)
    descent = optimiser(run, task.trained)
    loss = torch.compile(lambda: task.loss(task.labels * task.forward(task.inputs)))
    is_factorisation = problem.optimiser(run)[0] in ("spectral", "shampoo")
    update = descent.step if is_factorisation else torch.compile(descent.step)

    def step():
        descent.zero_grad(set_to_none=True)
        loss().backward()
        update()

    step.parameters = lambda: [task.hidden, task.output]
    return step


def by_hand(run, dtype):
    """The gradient in closed form, every buffer allocated once and every operation in place; the fused Adam of torch."""
    task = Task(run, dtype)
    inputs, labels, hidden, output = task.inputs, task.labels, task.hidden.detach(), task.output.detach()
    is_adam = problem.optimiser(run)[0] == "adam"
    trained = [hidden] if task.is_frozen else [hidden, output]
    for parameter in trained:
        parameter.grad = torch.empty_like(parameter)
    descent = optimiser(run, trained, fused=True if is_adam else None)
    active = torch.empty(len(labels), len(output), dtype=inputs.dtype)
    cotangent = torch.empty_like(active)
    scale = -1.0 / len(labels) if task.is_mean else -1.0

    @torch.no_grad()
    def step():
        torch.mm(inputs, hidden.T, out=active)
        torch.gt(active, 0.0, out=cotangent)
        active.clamp_(min=0.0)
        margins = labels * (active @ output)
        slopes = torch.sigmoid(-margins) if task.is_logistic else torch.exp(-margins)
        slopes.mul_(labels).mul_(scale)
        if not task.is_frozen:
            torch.mv(active.T, slopes, out=output.grad)
        cotangent.mul_(slopes[:, None]).mul_(output)
        torch.mm(cotangent.T, inputs, out=hidden.grad)
        descent.step()

    step.parameters = lambda: [hidden, output]
    return step


def products(run, dtype):
    """The two matrix products of a dense step alone."""
    task = Task(run, dtype)
    hidden, cotangent = task.hidden.detach(), torch.randn(len(task.labels), len(task.output), dtype=task.inputs.dtype)
    forward, backward = torch.empty_like(cotangent), torch.empty_like(hidden)

    def step():
        torch.mm(task.inputs, hidden.T, out=forward)
        torch.mm(cotangent.T, task.inputs, out=backward)

    return step
