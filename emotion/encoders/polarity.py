"""Polarity first, then the emotion within it, after Wu et al. (2018).

They decide whether a text is negative, and only then which negative emotion it has. Here both are parts of one
classifier, which learns them together:

    P(label) = P(polarity of the label) * P(label | its polarity)
    decided: the likeliest polarity, then the likeliest label of that polarity
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from emotion.core.errors import EmotionError
from emotion.core.text import quoted

POLARITIES = {
    "positive": "amused calm content excited excitement happy happiness joy joyful love positive proud relief",
    "negative": "anger angry anxious bored boredom contempt disgust disgusted fear fearful frustrated frustration hate "
    "negative sad sadness",
    "neutral": "neutral",
    "either": "surprise surprised",
}
"""Which names of emotions have which polarity; surprise may be of either kind, and stands alone."""
_OF = {name: polarity for polarity, names in POLARITIES.items() for name in names.split()}


def polarities(labels: Iterable[str]) -> list[str]:
    """Polarity of each label, whatever its capitals.

    Raises:
        EmotionError: nothing is known of a label, or all have the same polarity.
    """
    names = list(labels)
    unknown = [name for name in names if name.lower() not in _OF]
    if unknown:
        raise EmotionError(
            f"text.hierarchy is polarity, but nobody knows whether {', '.join(map(quoted, unknown))} is positive or "
            f"negative; known are {', '.join(sorted(_OF))}; rename the labels, or set text.hierarchy: none"
        )
    found = [_OF[name.lower()] for name in names]
    if len(set(found)) < 2:
        raise EmotionError(
            f"text.hierarchy is polarity, but all labels are {found[0] if found else 'missing'} "
            f"({', '.join(names)}), so there is none to decide first; set text.hierarchy: none"
        )
    return found


class PolarityHead(nn.Module):
    """Logarithms of the probabilities of all labels.

    Args:
        dim: size of a vector.
        groups: (classes,) polarity of each label.
    """

    member: Tensor

    def __init__(self, dim: int, groups: Sequence[str]) -> None:
        super().__init__()
        names = list(dict.fromkeys(groups))
        self.polarity, self.within = nn.Linear(dim, len(names)), nn.Linear(dim, len(groups))
        member = torch.tensor([[group == name for group in groups] for name in names])
        self.register_buffer("member", member, persistent=False)  # (polarities, classes)

    def forward(self, vectors: Tensor) -> Tensor:
        """Vectors (b, dim) -> (b, classes), float32."""
        polarity = self.polarity(vectors).float().log_softmax(-1)  # (b, polarities)
        within = self.within(vectors).float()[:, None].masked_fill(~self.member, -torch.inf)  # (b, polarities, classes)
        apart = within.log_softmax(-1).masked_fill(~self.member, 0.0).sum(1)  # each label has one polarity
        logs: Tensor = apart + polarity[:, self.member.to(torch.uint8).argmax(0)]
        return logs

    def decide(self, logs: Tensor) -> Tensor:
        """What `forward` gave (n, classes) -> class numbers (n,): of the likeliest polarity the likeliest label."""
        member = self.member.to(logs.device)
        apart = logs[:, None].masked_fill(~member, -torch.inf)  # (n, polarities, classes)
        chosen = apart.logsumexp(-1).argmax(-1)
        within: Tensor = apart[torch.arange(len(logs), device=logs.device), chosen]
        return within.argmax(-1)
