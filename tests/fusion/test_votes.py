"""`target: votes`: distributions in place of classes."""

import numpy as np
import pytest
import torch
from planted_corpus import LABELS, plant
from planted_training import run
from planted_votes import ambiguous, ballots, blank, write_votes

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index
from emotion.evaluation.annotators import read_targets
from emotion.fusion import dataset
from emotion.fusion.batches import Criterion, criterion, steps
from emotion.fusion.logits import predict
from emotion.fusion.models import building
from emotion.fusion.sequences import join
from emotion.fusion.train import _validate


@pytest.fixture
def rated(tmp_path):
    """A planted corpus, its votes and annotators.csv."""
    folder = tmp_path / "planted"
    folder.mkdir()
    planted = plant(folder, lengths=(5, 4, 3, 4) * 4)
    votes = ballots(planted.utterances, LABELS)
    write_votes(folder / "annotators.csv", votes, LABELS)
    blank(planted.index, ambiguous(votes))
    return planted, votes, folder / "annotators.csv"


def load(planted, path):
    index = read_index(planted.index)
    return dataset.load(index, planted.features, history="all", future="all", votes=read_targets(path, index))


def test_what_is_trained_on_is_what_the_raters_say(rated):
    planted, votes, path = rated
    found = load(planted, path)
    for split in ("train", "validation"):
        for row, target, label in zip(found[split].utterances, found[split].votes, found[split].labels, strict=True):
            expected = np.bincount(votes[row.utterance], minlength=len(LABELS)) / 3
            np.testing.assert_allclose(target, expected, rtol=1e-6)
            assert (label < 0) == (row.utterance in ambiguous(votes))
    assert found["train"].known.all() and not (found["train"].labels >= 0).all()
    assert not found["test"].votes.any() and not found["test"].known.any()
    place = int((found["train"].labels >= 0).nonzero()[0])
    name = found["train"].utterances[place].utterance
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith(name)) + "\n")
    train = load(planted, path)["train"]
    alone = np.eye(len(LABELS))[int(train.labels[place])]
    assert train.votes[place].tolist() == alone.tolist()  # nobody rated it: its class


def test_every_rated_utterance_is_a_step_once(rated):
    planted, _, path = rated
    train = load(planted, path)["train"]
    parts = [part for step in steps(train, batch=2, seed=1, epoch=1) for part in step]
    assert sorted(int(which) for part in parts for which in part.which) == list(range(len(train)))
    assert sum({id(step): step[0].scored for step in steps(train, batch=2, seed=1, epoch=1)}.values()) == len(
        train.utterances
    )


def test_votes_of_training_and_validation_together(rated):
    planted, _, path = rated
    found = load(planted, path)
    both = join(found["train"], found["validation"])
    assert torch.equal(both.votes, torch.cat([found["train"].votes, found["validation"].votes]))
    parts = [part for step in steps(both, batch=2, seed=1, epoch=1) for part in step]
    assert sorted(int(which) for part in parts for which in part.which) == list(range(len(both)))


@pytest.mark.parametrize("balanced", ["none", "weights", "focal"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_agrees_with_a_loop(rated, balanced, smoothing):
    planted, _, path = rated
    train = load(planted, path)["train"]
    c = len(LABELS)
    measure = criterion(train, classes=c, smoothing=smoothing, balanced=balanced)
    logits = torch.randn(len(train.utterances), c, generator=torch.Generator().manual_seed(0))
    share = [sum(float(row[k]) for row in train.votes) for k in range(c)]
    total = 0.0
    for scores, target in zip(logits.tolist(), train.votes.tolist(), strict=True):
        odds = np.exp(scores)
        p = odds / odds.sum()
        for k in range(c):
            wanted = (1 - smoothing) * target[k] + smoothing / c
            weight = sum(share) / (c * share[k]) if balanced == "weights" else 1.0
            focus = (1 - sum(q * r for q, r in zip(target, p, strict=True))) ** 2 if balanced == "focal" else 1.0
            total += -wanted * weight * focus * np.log(p[k])
    assert float(measure(logits, train.targets)) == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("focus", [0.0, 2.0])
def test_votes_of_one_mind_are_the_class(focus):
    labels = torch.tensor([0, 2, 1, 1])
    logits = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
    measure = Criterion(0.1, torch.tensor([1.0, 0.5, 2.0]), focus)
    torch.testing.assert_close(measure(logits, torch.eye(3)[labels]), measure(logits, labels))


def test_validation_is_scored_on_classes_and_its_loss_on_votes(rated):
    planted, _, path = rated
    part = load(planted, path)["validation"]
    dims = {name: values.shape[1] for name, values in part.features.items()}
    module = building.build("cnn", dims=dims, classes=len(LABELS), hidden=8, heads=2, dropout=0.0).eval()
    with torch.no_grad():
        loss, score = _validate(module, part, classes=len(LABELS), helper=None)
        p = predict(module, part).softmax(1)
    assert loss == pytest.approx(float(-(part.votes * p.log()).sum(1).mean()), rel=1e-5)
    known = part.labels >= 0
    right = (p.argmax(1) == part.labels)[known].float().mean()
    assert 0 < int(known.sum()) < len(known) and (score > 0) == bool(right > 0)


@pytest.mark.slow
def test_votes_and_labels_of_the_test_set_teach_nothing(rated, tmp_path):
    planted, votes, path = rated
    options = {"target": "votes", "annotators": path}
    before = run(planted, tmp_path / "a", **options)
    rows = read_index(planted.index, test_labels=True).utterances
    tested = [row.utterance for row in rows if row.split == "test"]
    other = votes | {name: [(number + 1) % len(LABELS) for number in votes[name]] for name in tested}
    write_votes(path, other, LABELS)
    blank(planted.index, set(tested[::2]))
    after = run(planted, tmp_path / "b", **options)
    for file in before.iterdir():
        assert file.read_bytes() == (after / file.name).read_bytes(), file.name
    write_votes(path, votes | {rows[0].utterance: [votes[rows[0].utterance][0]] * 4}, LABELS)
    assert rows[0].split == "train"
    third = run(planted, tmp_path / "c", **options)
    assert (before / "model.safetensors").read_bytes() != (third / "model.safetensors").read_bytes()


def test_features_without_votes_are_refused_in_one_line(rated, tmp_path):
    planted, _, path = rated
    path.unlink()
    with pytest.raises(EmotionError, match=r"^target is votes, but no raters' votes .* set target to majority$"):
        run(planted, tmp_path / "a", target="votes", annotators=path)
    assert not (tmp_path / "a" / "models" / "fusion").exists()
