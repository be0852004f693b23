"""Kernel entropy components: against numpy, and a planted problem that no line can solve."""

import numpy as np
import pytest
import torch
from small_batches import DIMS, batch

from emotion.fusion.models import building
from emotion.fusion.models.keca import Keca, Kernel


def rows(count, d, seed=0):
    return torch.randn(count, d, generator=torch.Generator().manual_seed(seed))


def test_components_are_those_with_most_entropy():
    x = rows(40, 3).numpy().astype(np.float64)
    kernel = Kernel(3, 60, 5)
    kernel.prepare(torch.from_numpy(x).float())
    distances = np.array([[np.linalg.norm(a - b) for b in x] for a in x])
    width = np.sqrt(np.sort((distances**2)[~np.eye(40, dtype=bool)])[(40 * 39 - 1) // 2])
    k = np.exp(-(distances**2) / (2 * width**2))
    values, vectors = np.linalg.eigh(k)
    entropy = [value * vector.sum() ** 2 for value, vector in zip(values, vectors.T, strict=True)]
    assert sum(entropy) == pytest.approx(k.sum())  # n^2 V
    best = np.argsort(entropy)[::-1][:5]
    expected = vectors[:, best] * np.sqrt(values[best]) * np.sign(vectors[:, best].sum(0))
    found = kernel(torch.from_numpy(x).float()[None])[0].numpy()
    np.testing.assert_allclose(found, expected, atol=2e-4)
    assert float(kernel.width) == pytest.approx(width, rel=1e-5)
    assert not kernel.projection[40:].any()


def test_many_rows_are_thinned_and_few_or_none_are_enough():
    kernel = Kernel(2, 10, 4)
    x = rows(100, 2)
    kernel.prepare(x)
    assert torch.equal(kernel.supports[[0, -1]], x[[0, -1]])
    for few in (x[:1], x[:0], torch.zeros(3, 2)):
        kernel.prepare(few)
        assert kernel(x[None]).isfinite().all()
    assert len(few) == 3 and not kernel.projection[:, 1:].any()  # equal rows have one component


def test_only_what_is_there_is_learnt_from():
    module = Keca(DIMS, classes=3)
    features, present, _, mask = batch()
    flat, here = {name: values[mask].clone() for name, values in features.items()}, present[mask]
    building.prepare(module, flat, here)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    for i, name in enumerate(DIMS):
        flat[name][~here[:, i]] = torch.nan
    building.prepare(module, flat, here)
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())


def test_a_line_on_components_separates_rings():
    """One ring around another: no line does it on the bare features."""
    angle = torch.linspace(0, 6.28, 50)
    rings = torch.stack([angle.cos(), angle.sin()], dim=1)
    x = torch.cat([0.5 * rings, 2 * rings])
    kernel = Kernel(2, 200, 8)
    kernel.prepare(x)
    found = torch.cat([kernel(x[None])[0], torch.ones(100, 1)], dim=1)
    sides = torch.cat([-torch.ones(50), torch.ones(50)])
    weights = torch.linalg.lstsq(found, sides[:, None]).solution
    assert ((found @ weights)[:, 0].sign() == sides).all()
    bare = torch.cat([x, torch.ones(100, 1)], dim=1)
    line = bare @ torch.linalg.lstsq(bare, sides[:, None]).solution
    assert (line[:, 0].sign() == sides).float().mean() < 0.7


def test_members_are_prepared():
    module = building.build("keca", dims=DIMS, classes=3, hidden=6, heads=3, dropout=0.1, members=2)
    features, present, _, mask = batch()
    building.prepare(module, {name: values[mask] for name, values in features.items()}, present[mask])
    one, other = (member.kernels["text"].projection for member in module.members)
    assert torch.equal(one, other)
