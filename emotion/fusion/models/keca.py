"""KECA: kernel entropy component analysis per modality, and a linear classifier (after Xie and Guan, 2012).

Of n training utterances' vectors x_i of a modality, without their labels (Jenssen, IEEE TPAMI 2010):

    K_ij = exp(-|x_i - x_j|^2 / (2 s^2)),   s = the median distance
    K = sum over k of l_k e_k e_k^T                       eigenvalues and -vectors; K is not centred
    V = sum of K_ij / n^2 = sum of l_k (1^T e_k)^2 / n^2   Renyi's quadratic entropy is -log V
    keep the components k with the largest l_k (1^T e_k)^2; of a new x, component k is e_k^T k(x) / sqrt(l_k)

    components of all modalities side by side ─ dropout ─ linear ─ classes

Nothing but the classifier is trained; the rest is computed once, before training. There is no context, and who speaks
has no effect. The text of Xie and Guan was not at hand: only the method that they name is theirs; width, sizes and how
modalities are joined are ours. At most `supports` utterances, evenly spread over the training set, stand for all.

Shapes: `b` sequences, `u` utterances, `d` features, `n` supports, `c` components, `r` rows.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.layers import Dropout, join


class Keca(FusionModel):
    """A linear classifier on kernel entropy components.

    Args:
        supports: training utterances that the kernels compare with.
        components: kept per modality.
        dropout: before the classifier.
    """

    def __init__(
        self,
        dims: Mapping[str, int],
        *,
        classes: int,
        supports: int = 512,
        components: int = 64,
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.modalities = tuple(dims)
        self.kernels = nn.ModuleDict({name: Kernel(d, supports, components) for name, d in dims.items()})
        self.dropout = Dropout(dropout)
        self.classifier = nn.Linear(components * len(dims), classes)

    def prepare(self, features: Mapping[str, Tensor], present: Tensor) -> None:
        """See `FusionModel.prepare`: find the components."""
        for i, (name, kernel) in enumerate(self.kernels.items()):
            assert isinstance(kernel, Kernel)
            kernel.prepare(features[name][present[:, i]])

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`; this model does not look at the speakers."""
        found = {name: kernel(features[name]) for name, kernel in self.kernels.items()}  # each (b, u, c)
        logits: Tensor = self.classifier(self.dropout(join(found, present, mask, modalities=self.modalities)))
        return logits


class Kernel(nn.Module):
    """Kernel entropy components of one modality; of random vectors until `prepare` has seen real ones."""

    supports: Tensor
    projection: Tensor
    width: Tensor

    def __init__(self, d: int, supports: int, components: int) -> None:
        super().__init__()
        self.register_buffer("supports", torch.randn(supports, d))
        self.register_buffer("projection", torch.randn(supports, components) / supports**0.5)
        self.register_buffer("width", torch.tensor(d**0.5))

    def prepare(self, x: Tensor) -> None:
        """Find the components of x (r, d); with fewer rows than supports or components, the others are 0."""
        most, components = self.projection.shape
        self.supports.zero_()
        self.projection.zero_()
        if len(x) == 0:
            return
        x = x[torch.linspace(0, len(x) - 1, min(most, len(x))).long()].double()
        n = len(x)
        squares = _squares(x, x)
        off = squares[~torch.eye(n, dtype=torch.bool)]
        width = off.median().sqrt() if n > 1 and off.median() > 0 else squares.new_ones(())
        values, vectors = torch.linalg.eigh(torch.exp(-squares / (2 * width**2)))
        entropy = values.clamp(min=0) * vectors.sum(0).square()
        kept = entropy.argsort(descending=True)[: min(components, int((values > 1e-9 * values.max()).sum()))]
        vectors = vectors[:, kept] * vectors[:, kept].sum(0).sign()  # eigenvectors have no sign of their own
        self.supports[:n] = x.to(self.supports)
        self.projection[:n, : len(kept)] = (vectors / values[kept].sqrt()).to(self.projection)
        self.width.copy_(width)

    def forward(self, x: Tensor) -> Tensor:
        """Components (b, u, c) of x (b, u, d)."""
        rows = x.flatten(0, 1)
        likeness = torch.exp(-_squares(rows, self.supports) / (2 * self.width**2))  # (b * u, n)
        out: Tensor = (likeness @ self.projection).reshape(*x.shape[:2], -1)
        return out


def _squares(x: Tensor, y: Tensor) -> Tensor:
    """Squared distances of the rows of x and y: (rows of x, rows of y)."""
    return (x.square().sum(1)[:, None] + y.square().sum(1) - 2 * x @ y.t()).clamp(min=0)
