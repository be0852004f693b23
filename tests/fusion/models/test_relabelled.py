"""Training does not prefer any class number: other numbers for the classes give the same model, renumbered."""

from dataclasses import replace

import pytest
import torch
from planted_corpus import plant

from emotion.corpus.utterance import read_index
from emotion.fusion import dataset, own, train
from emotion.fusion.logits import predict
from emotion.fusion.models import registry
from emotion.fusion.settings import TrainSettings

ORDER = torch.tensor([2, 0, 1])
"""Class k of the one training is class ORDER[k] of the other."""
HOW = {"hidden": 6, "heads": 3, "dropout": 0.2, "lr": 3e-3, "weight_decay": 5e-5, "batch": 4}
EXTRAS = {"epochs": 3, "seed": 4, "input_dropout": 0.1, "modality_dropout": 0.1, "smoothing": 0.1, "averaging": 0.5}


@pytest.fixture(scope="module")
def double():
    """In 64 bits: another order of the classes sums in another order, and an epoch of many steps makes more of it."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.fixture(scope="module")
def splits(tmp_path_factory, double):
    planted = plant(tmp_path_factory.mktemp("planted"), lengths=(9, 8, 7, 6) * 3)
    parts = dataset.load(read_index(planted.index), planted.features, history="all", future="all")
    return {
        key: replace(part, features={name: values.double() for name, values in part.features.items()})
        for key, part in parts.items()
    }


def fitted(splits, name):
    """Logits of the validation utterances after each epoch, and the F1 that chose the epoch."""
    seen = []
    _, lines = train.fit(
        splits,
        classes=3,
        settings=TrainSettings(model=name, **HOW, **EXTRAS),
        watch=lambda _, found: seen.append(predict(found, splits["validation"])),
    )
    return torch.stack(seen), [line.validation_weighted_f1 for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, entry in registry.MODELS.items() if not entry.frames])
def test_relabelled_training_data_permute_the_predictions(name, splits, monkeypatch):
    logits, scores = fitted(splits, name)
    known = splits["train"].labels
    assert set(known.tolist()) == {0, 1, 2}
    renumbered = {
        key: replace(part, labels=torch.where(part.labels >= 0, ORDER[part.labels], part.labels))
        for key, part in splits.items()
    }
    build = own.build

    def permuted(*arguments, **options):
        module = build(*arguments, **options)
        with torch.no_grad():
            for head in (module.classifier, *getattr(module, "students", {}).values()):
                head.weight[ORDER], head.bias[ORDER] = head.weight.clone(), head.bias.clone()
        return module

    other, _ = fitted(renumbered, name)
    assert not torch.allclose(other[..., ORDER], logits, rtol=1e-3, atol=1e-3)  # the start matters
    monkeypatch.setattr(own, "build", permuted)
    other, other_scores = fitted(renumbered, name)
    torch.testing.assert_close(other[..., ORDER], logits, rtol=1e-6, atol=1e-7)
    assert other_scores == pytest.approx(scores)
