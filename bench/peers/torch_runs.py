"""Whole runs in PyTorch, for the figures: by autograd, with a compiled loss, and with a gradient written by hand.

Each is begun (loss and margins at the parameters as they are), then advanced; a row may be read between the two.
"""
import torch

import problem
import torch_steps


class Eager(torch_steps.Task):
    """Autograd, as one writes it."""

    def __init__(self, run, dtype, seed):
        super().__init__(run, dtype, seed)
        self.take_over(run)

    def take_over(self, run):
        """From here on in this run's optimiser."""
        self.descent = torch_steps.optimiser(run, self.trained)

    def begin(self, lr):
        self.descent.zero_grad(set_to_none=True)
        self.descent.param_groups[0]["lr"] = lr
        self.margins = self.labels * self.forward(self.inputs)
        self.value = self.loss(self.margins)

    def loss_now(self):
        return self.value.item()

    def advance(self):
        self.value.backward()
        self.descent.step()

    @torch.no_grad()
    def row(self, names):
        """Loss, train and test accuracy, the smallest margin, norms."""
        test = self.test_labels * self.forward(self.test_inputs)
        shares = [(margins > 0).double().mean().item() for margins in (self.margins, test)]
        return [self.value.item(), *shares, self.margins.min().item(), *self.norms(names)]

    def norms(self, names):
        parameters = [p.detach() for p in self.trained]
        measures = {
            "l1": lambda: sum(p.abs().sum() for p in parameters),
            "l2": lambda: sum(p.square().sum() for p in parameters).sqrt(),
            "linf": lambda: max(p.abs().max() for p in parameters),
            "spectral": lambda: max(torch.linalg.matrix_norm(p, 2) if p.ndim == 2 else p.norm() for p in parameters),
        }
        return [float(measures[name]()) for name in names]


@torch.compile(dynamic=False)
def loss_and_margins(hidden, output, inputs, labels, is_logistic, is_mean):
    margins = labels * (torch.relu(inputs @ hidden.T) @ output)
    terms = torch.nn.functional.softplus(-margins) if is_logistic else torch.exp(-margins)
    return (terms.mean() if is_mean else terms.sum()), margins


class Compiled(Eager):
    """The loss with its gradient by torch.compile: compiled once for all runs of a process that share a shape."""

    def begin(self, lr):
        self.descent.zero_grad(set_to_none=True)
        self.descent.param_groups[0]["lr"] = lr
        arguments = (self.hidden, self.output, self.inputs, self.labels, self.is_logistic, self.is_mean)
        self.value, margins = loss_and_margins(*arguments)
        self.margins = margins.detach()


class ByHand(Eager):
    """The gradient in closed form, every buffer of a step allocated once; the fused Adam of torch."""

    def __init__(self, run, dtype, seed):
        super().__init__(run, dtype, seed)
        for parameter in self.trained:
            parameter.requires_grad_(False)
            parameter.grad = torch.empty_like(parameter)
        self.active = torch.empty(len(self.labels), len(self.output), dtype=self.inputs.dtype)
        self.cotangent = torch.empty_like(self.active)

    def take_over(self, run):
        is_adam = problem.optimiser(run)[0] == "adam"
        self.descent = torch_steps.optimiser(run, self.trained, fused=True if is_adam else None)

    @torch.no_grad()
    def begin(self, lr):
        self.descent.param_groups[0]["lr"] = lr
        torch.mm(self.inputs, self.hidden.T, out=self.active)
        torch.gt(self.active, 0.0, out=self.cotangent)
        self.active.clamp_(min=0.0)
        self.margins = self.labels * (self.active @ self.output)
        self.value = self.loss(self.margins)

    @torch.no_grad()
    def advance(self):
        slopes = torch.sigmoid(-self.margins) if self.is_logistic else torch.exp(-self.margins)
        slopes.mul_(self.labels).mul_(-1.0 / len(self.labels) if self.is_mean else -1.0)
        if not self.is_frozen:
            torch.mv(self.active.T, slopes, out=self.output.grad)
        self.cotangent.mul_(slopes[:, None]).mul_(self.output)
        torch.mm(self.cotangent.T, self.inputs, out=self.hidden.grad)
        self.descent.step()


RUNS = {"eager": Eager, "compiled": Compiled, "by_hand": ByHand}
