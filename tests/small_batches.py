"""Small fusion models of the registry, and ragged batches for them."""

import torch

from emotion.fusion.models import building

DIMS = {"audio": 5, "face": 3, "text": 7}
LENGTHS = (6, 1, 9, 4)


def build(name, *, classes=6, dropout=0.4, **parts):
    torch.manual_seed(3)
    return building.build(name, dims=DIMS, classes=classes, hidden=6, heads=3, dropout=dropout, **parts).eval()


def batch(*, lengths=LENGTHS, padding=0, people=3):
    """Ragged sequences; the padding holds nonsense that must not matter."""
    generator = torch.Generator().manual_seed(5)
    b, u = len(lengths), max(lengths)
    features = {name: torch.randn(b, u, d, generator=generator) for name, d in DIMS.items()}
    present = torch.rand(b, u, len(DIMS), generator=generator) > 0.3
    speakers = torch.randint(0, people, (b, u), generator=generator) + 7
    mask = torch.arange(u)[None] < torch.tensor(lengths)[:, None]
    noise = {name: torch.full((b, padding, d), 1e3) for name, d in DIMS.items()}
    features = {name: torch.cat([values, noise[name]], dim=1) for name, values in features.items()}
    present = torch.cat([present, torch.ones(b, padding, len(DIMS), dtype=torch.bool)], dim=1)
    speakers = torch.cat([speakers, torch.full((b, padding), 7)], dim=1)
    mask = torch.cat([mask, torch.zeros(b, padding, dtype=torch.bool)], dim=1)
    return features, present, speakers, mask


def rows_of(features, present, sequence, u):
    """Per utterance and modality the vector and whether it is there."""
    return [
        {
            name: (values[sequence, t], bool(present[sequence, t, m]))
            for m, (name, values) in enumerate(features.items())
        }
        for t in range(u)
    ]
