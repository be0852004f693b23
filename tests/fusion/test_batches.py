"""The steps of an epoch."""

import math

import numpy as np
import pytest
import torch
from planted_corpus import DIMS, plant
from sklearn.utils.class_weight import compute_class_weight

from emotion.corpus.utterance import read_index
from emotion.fusion import dataset
from emotion.fusion.augment import Variation
from emotion.fusion.batches import Criterion, Part, criterion, loss, steps
from emotion.fusion.models import building, registry


def load(tmp_path, context=("all", "all")):
    planted = plant(tmp_path, lengths=(40, 9, 6, 7) * 6)
    return dataset.load(read_index(planted.index), planted.features, history=context[0], future=context[1])["train"]


def small(dropout, name="fusion"):
    torch.manual_seed(1)
    return building.build(name, dims=DIMS, classes=3, hidden=8, heads=2, dropout=dropout)


def targets(train, part):
    batch = train.batch(part.which)
    return batch.rows[batch.target]


@pytest.mark.slow
@pytest.mark.parametrize("context", [(2, 0), ("all", "all")])
def test_steps_cover_every_labelled_target_once_and_reshuffle(tmp_path, context):
    train = load(tmp_path, context)
    train.labels[5] = -1
    expected = [row for row in range(len(train.labels)) if row != 5 or context[0] == "all"]
    seen = []
    for epoch in (1, 1, 2):
        found = list(steps(train, batch=10, seed=3, epoch=epoch))
        assert [sum(len(part.which) for part in step) for step in found[:-1]] == [10] * (len(found) - 1)
        rows = [torch.cat([targets(train, part) for part in step]) for step in found]
        for step, here in zip(found, rows, strict=True):
            assert {part.scored for part in step} == {int((train.labels[here] >= 0).sum())}
        seen.append([sorted(here.tolist()) for here in rows])
    assert sorted(row for step in seen[0] for row in step) == expected
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.slow
def test_no_two_parts_have_the_same_draws(tmp_path):
    train = load(tmp_path)
    seeds = [
        part.seed
        for seed in (3, 4)
        for epoch in (1, 2)
        for step in steps(train, batch=5, seed=seed, epoch=epoch)
        for part in step
    ]
    assert len(set(seeds)) == len(seeds) > 12


@pytest.mark.slow
def test_a_step_in_parts_is_the_step_in_one_piece(tmp_path):
    train = load(tmp_path)
    train.labels[3] = -1
    (step,) = steps(train, batch=32, seed=3, epoch=1)
    assert len(step) > 1
    module, found = small(0.0), []
    for parts in (step, [Part(torch.arange(len(train)), 0, int((train.labels >= 0).sum()))]):
        module.zero_grad()
        total = torch.stack(
            [loss(module, part, sequences=train, vary=Variation(), criterion=Criterion(0.2)) for part in parts]
        ).sum()
        total.backward()
        found.append([total.detach(), *(value.grad for value in module.parameters())])
    torch.testing.assert_close(*found)


class Distilled(torch.nn.Module):
    """Gives two logits while training, the second of which counts three times."""

    def __init__(self):
        super().__init__()
        self.plain = small(0.0)

    def forward(self, *inputs):
        logits = self.plain(*inputs)
        return torch.stack([logits, logits.square()])

    def loss(self, outputs, score):
        return score(outputs[0]) + 3 * score(outputs[1])


@pytest.mark.slow
def test_a_model_may_have_a_loss_of_its_own(tmp_path):
    train, module = load(tmp_path), Distilled()
    train.labels[3] = -1
    part = Part(torch.arange(len(train)), 0, 7)
    found = loss(module, part, sequences=train, vary=Variation(), criterion=Criterion(0.2))
    batch = train.batch(part.which)
    scored = batch.target & (batch.labels >= 0)
    logits = module.plain(batch.features, batch.present, batch.speakers, batch.mask)[scored]
    expected = torch.zeros(())
    for values, share in ((logits, 1), (logits.square(), 3)):
        logs = values.log_softmax(-1)
        chosen = logs[torch.arange(len(logs)), batch.labels[scored]]
        expected = expected - share * (0.8 * chosen + 0.2 * logs.mean(-1)).sum()
    torch.testing.assert_close(found, expected / 7)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "dropout", "changes"),
    [
        *((name, 0.3, {}) for name in registry.NAMES),
        *(("fusion", 0.0, {kind: 0.5}) for kind in ("input_dropout", "modality_dropout", "mixstyle")),
    ],
)
def test_a_parts_draws_are_its_own_whatever_others_draw(tmp_path, name, dropout, changes):
    train, module = load(tmp_path), small(dropout, name)
    (step,) = steps(train, batch=32, seed=3, epoch=1)

    def value(part):
        return loss(module, part, sequences=train, vary=Variation(**changes), criterion=Criterion()).item()

    torch.manual_seed(1)
    before = torch.get_rng_state()
    one, other = value(step[0]), value(step[1])
    assert torch.equal(torch.get_rng_state(), before)  # the global generator gave nothing
    torch.manual_seed(2)
    assert (value(step[1]), value(step[0])) == (other, one)
    assert (value(step[0]._replace(seed=step[0].seed ^ 1)) != one) == (
        name != "logistic_regression"
    )  # it drops nothing


@pytest.mark.slow
@pytest.mark.parametrize("balanced", ["none", "weights", "focal"])
def test_the_loss_is_what_its_formula_says(tmp_path, balanced):
    """Weights as scikit-learn's `balanced`, without utterances of a class that never occurs; focal by hand."""
    train = load(tmp_path)
    train.labels[3] = -1
    known = train.labels[train.labels >= 0]
    logits = torch.randn(len(known), 4, generator=torch.Generator().manual_seed(0))
    found = criterion(train, classes=4, smoothing=0.1, balanced=balanced)(logits, known).item()
    weights = compute_class_weight("balanced", classes=np.unique(known), y=known.numpy())
    expected = 0.0
    for line, label in zip(logits.double().log_softmax(1).tolist(), known.tolist(), strict=True):
        scale = weights if balanced == "weights" else [1.0] * 3
        target = [0.1 / 4 + 0.9 * (k == label) for k in range(4)]
        # A class that never occurs keeps the share that is spread, with the weight of a class of one utterance.
        every = [*scale, len(known) / 3 if balanced == "weights" else 1.0]
        value = -sum(share * weight * log for share, weight, log in zip(target, every, line, strict=True))
        expected += value * ((1 - math.exp(line[label])) ** 2 if balanced == "focal" else 1.0)
    assert len(np.unique(known)) == 3 and found == pytest.approx(expected, rel=1e-5)
