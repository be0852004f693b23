"""Models made by name, and several of them together."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from emotion.fusion.models.base import FusionModel
from emotion.fusion.models.registry import MODELS, NAMES, Entry


class Members(FusionModel):
    """Several models that vote: copies with other starting weights, trained side by side (deep ensemble).

    On a few thousand utterances a single run moves by a point or two with its seed; the mean of several models'
    probabilities moves less, and is better than most of them (Lakshminarayanan et al., NeurIPS 2017). Each copy has its
    own loss. All have the same inputs and classes.
    """

    def __init__(self, members: Iterable[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.words = getattr(self.members[0], "words", ())

    def forward(self, features: Mapping[str, Tensor], present: Tensor, speakers: Tensor, mask: Tensor) -> Tensor:
        """See `FusionModel.forward`.

        Returns:
            While training, what each member gives, (members, ..., b, u, classes). Otherwise logarithms of the mean of
            their probabilities, (b, u, classes), which serve as logits.
        """
        logits = torch.stack([member(features, present, speakers, mask) for member in self.members])
        if self.training:
            return logits
        return logits.log_softmax(-1).logsumexp(0) - math.log(len(self.members))

    def prepare(self, features: Mapping[str, Tensor], present: Tensor) -> None:
        """See `FusionModel.prepare`."""
        for member in self.members:
            prepare(member, features, present)

    def loss(self, outputs: Tensor, score: Callable[[Tensor], Tensor]) -> Tensor:
        """See `FusionModel.loss`: the sum over the members."""
        pairs = zip(self.members, outputs, strict=True)
        return torch.stack([loss_of(member, output, score) for member, output in pairs]).sum()


def prepare(module: nn.Module, features: Mapping[str, Tensor], present: Tensor) -> None:
    """`FusionModel.prepare`, also of a module that is none and may not have it."""
    own: Callable[..., None] | None = getattr(module, "prepare", None)
    if own is not None:
        with torch.no_grad():
            own(features, present)


def loss_of(module: nn.Module, outputs: Tensor, score: Callable[[Tensor], Tensor]) -> Tensor:
    """`FusionModel.loss`, also of a module that is none: without a loss of its own, that of its logits."""
    own: Callable[..., Tensor] | None = getattr(module, "loss", None)
    return score(outputs) if own is None else own(outputs, score)


def build(
    name: str,
    *,
    dims: Mapping[str, int],
    classes: int,
    hidden: int,
    heads: int,
    dropout: float,
    attention: bool = True,
    residual: bool = True,
    speakers: bool = True,
    members: int = 1,
    words: Sequence[str] = (),
    entry: Entry | None = None,
) -> nn.Module:
    """Make a model.

    Args:
        name: one of `registry.NAMES`.
        dims: features per modality, in the order of the columns of `present`.
        classes: how many emotions.
        hidden: units per direction, where the model takes it, as for `heads` and `dropout`.
        heads: attention heads.
        dropout: share 0..1.
        attention: False leaves the self-attention out.
        residual: False leaves the connection around the attention out.
        speakers: False hides who speaks.
        members: how many copies vote, see `Members`.
        words: modalities that come word by word too; models that do not read words ignore it.
        entry: of a model that is none of these.

    Raises:
        ValueError: there is no such model, its sizes do not fit together, or it lacks what is to be switched off.
    """
    if entry is None and name not in MODELS:
        raise ValueError(f"model is {name!r}, expected one of: {', '.join(NAMES)}")
    entry = entry or MODELS[name]
    parts = {"attention": attention, "residual": residual, "speakers": speakers}
    lacking = [part for part, on in parts.items() if not on and part not in entry.parts]
    if lacking:
        raise ValueError(f"{name} has no {lacking[0]} to switch off")
    sizes = {"hidden": hidden, "heads": heads, "dropout": dropout}
    chosen: dict[str, object] = {key: sizes[key] for key in entry.sizes}
    chosen |= {part: parts[part] for part in entry.parts}
    if entry.words:
        chosen["words"] = words
    model = entry.load()
    copies = [model(dims, classes=classes, **chosen) for _ in range(members)]
    return Members(copies) if members > 1 else copies[0]
