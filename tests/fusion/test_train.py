import csv
import json
from dataclasses import replace

import numpy as np
import planted_corpus
import pytest
import torch
from planted_corpus import DIMS, LABELS, plant
from planted_training import run
from safetensors.torch import load_file
from sklearn.metrics import f1_score
from torch.optim.optimizer import register_optimizer_step_pre_hook

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index
from emotion.fusion import dataset, train
from emotion.fusion.logits import predict
from emotion.fusion.models import building, registry
from emotion.fusion.train import _validate

FILES = ("model.safetensors", "settings.json", "probabilities.csv", "trained_on.json")
LENGTHS = (9, 8, 7, 6) * 4


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def planted(tmp_path):
    folder = tmp_path / "planted"
    folder.mkdir()
    return plant(folder, lengths=LENGTHS)


@pytest.mark.parametrize(
    ("model", "history", "future"),
    [
        pytest.param(name, *context, marks=() if name == "fusion" else marks)
        for name, entry in registry.MODELS.items()
        if not entry.frames  # tests/fusion/models/test_cross_modal.py
        for context, marks in (((3, 0), pytest.mark.slow), (("all", "all"), pytest.mark.full))
    ],
)
def test_every_model_learns_what_is_planted(planted, tmp_path, model, history, future, capsys):
    batch = 2 if history == "all" else 8
    more = {"lr": 1e-3} if model == "dialogue_rnn" else {}  # the test's rate is too high for its size
    out = run(planted, tmp_path, model=model, history=history, future=future, batch=batch, epochs=6, **more)
    truth = {row.utterance: row.label for row in planted.utterances}
    test = [row for row in rows_of(out / "probabilities.csv") if row["split"] == "test"]
    right = [max(LABELS, key=lambda label, row=row: float(row[label])) == truth[row["utterance"]] for row in test]
    assert np.mean(right) > 0.6  # chance is 0.33
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith(f"fuse: {model} on audio+text -> {out}, best epoch ")
    assert "validation weighted F1" in last


@pytest.mark.slow
def test_what_is_written(planted, tmp_path):
    out = run(planted, tmp_path)
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)
    assert [path.name for path in out.parent.iterdir()] == ["fusion"]
    settings = json.loads((out / "settings.json").read_text())
    assert settings["labels"] == list(LABELS)
    assert settings["dims"] == DIMS
    assert (settings["model"], settings["history"], settings["future"]) == ("fusion", 3, 0)
    rows = rows_of(out / "probabilities.csv")
    expected = [row for split in ("validation", "test") for row in planted.utterances if row.split == split]
    assert [(row["utterance"], row["dialogue"], row["split"]) for row in rows] == [
        (row.utterance, row.dialogue, row.split) for row in expected
    ]
    for row in rows:
        assert sum(float(row[label]) for label in LABELS) == pytest.approx(1, abs=5e-6)
        assert all(len(row[label]) == 8 for label in LABELS)
    curve = rows_of(tmp_path / "metrics" / "training.csv")
    assert list(curve[0]) == ["epoch", "train_loss", "validation_loss", "validation_weighted_f1"]
    assert [row["epoch"] for row in curve] == ["1", "2", "3", "4"]
    assert not list((tmp_path / "scratch").iterdir())


@pytest.mark.slow
def test_a_result_that_could_not_be_written_does_not_cost_the_training(planted, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise EmotionError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("emotion.fusion.train.saved.save", full)
        with pytest.raises(EmotionError, match="disk full"):
            run(planted, tmp_path)
    assert len(list((tmp_path / "scratch").iterdir())) == 1
    with monkeypatch.context() as patch:
        patch.setattr("emotion.fusion.train.loss", full)
        out = run(planted, tmp_path)
    expected = run(planted, tmp_path / "again")
    assert [(out / name).read_bytes() for name in FILES] == [(expected / name).read_bytes() for name in FILES]
    assert not list((tmp_path / "scratch").iterdir())


@pytest.mark.slow
def test_the_saved_model_makes_the_saved_probabilities(planted, tmp_path):
    out = run(planted, tmp_path)
    settings = json.loads((out / "settings.json").read_text())
    tensors = load_file(out / "model.safetensors")
    sizes = {name: settings[name] for name in ("dims", "hidden", "heads", "dropout")}
    module = building.build(settings["model"], classes=len(LABELS), **sizes).eval()
    module.load_state_dict({name[6:]: value for name, value in tensors.items() if name.startswith("model.")})
    splits = dataset.load(read_index(planted.index), planted.features, history=3, future=0)
    for name in DIMS:
        assert torch.equal(tensors[f"scaling.{name}.mean"], splits["train"].scaling[name].mean)
        assert torch.equal(tensors[f"scaling.{name}.std"], splits["train"].scaling[name].std)
    with torch.no_grad():
        expected = torch.softmax(predict(module, splits["test"]).double(), dim=1).numpy()
    test = [row for row in rows_of(out / "probabilities.csv") if row["split"] == "test"]
    np.testing.assert_allclose([[float(row[label]) for label in LABELS] for row in test], expected, atol=1e-6)


@pytest.mark.slow
def test_the_best_validation_epoch_is_kept(planted, tmp_path):
    out = run(planted, tmp_path, epochs=6, lr=3e-2)
    truth = {row.utterance: row.label for row in planted.utterances}
    rows = [row for row in rows_of(out / "probabilities.csv") if row["split"] == "validation"]
    guesses = [max(LABELS, key=lambda label, row=row: float(row[label])) for row in rows]
    score = f1_score([truth[row["utterance"]] for row in rows], guesses, average="weighted")
    curve = [float(row["validation_weighted_f1"]) for row in rows_of(tmp_path / "metrics" / "training.csv")]
    assert score == pytest.approx(max(curve), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schedule", "shares"),
    [("constant", [1, 1, 1, 1]), ("cosine", [1, (2 + 2**0.5) / 4, 1 / 2, (2 - 2**0.5) / 4])],  # half a wave, never 0
)
def test_the_learning_rate_of_every_step_follows_the_schedule(planted, tmp_path, schedule, shares):
    rates = []
    hook = register_optimizer_step_pre_hook(
        lambda optimiser, *_: rates.append([group["lr"] for group in optimiser.param_groups])
    )
    try:
        run(planted, tmp_path, schedule=schedule, epochs=4, lr=1e-2)
    finally:
        hook.remove()
    steps = len(rates) // 4
    assert steps > 1
    np.testing.assert_allclose(rates, 1e-2 * np.repeat(shares, steps)[:, None], rtol=1e-12)


@pytest.mark.slow
def test_same_seed_same_bytes(planted, tmp_path):
    first, again, other = (run(planted, tmp_path / name, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    for name in FILES:
        assert (first / name).read_bytes() == (again / name).read_bytes(), name
    curves = [(tmp_path / name / "metrics" / "training.csv").read_bytes() for name in "abc"]
    assert curves[0] == curves[1] != curves[2]
    assert (first / "probabilities.csv").read_bytes() != (other / "probabilities.csv").read_bytes()


@pytest.mark.slow
def test_test_labels_and_test_features_teach_nothing(planted, tmp_path):
    before = run(planted, tmp_path / "a")
    text = planted.index.read_text()
    for row in planted.utterances:
        if row.split == "test":
            other = LABELS[(LABELS.index(row.label) + 1) % len(LABELS)]
            line = next(line for line in text.splitlines() if line.startswith(row.utterance + ","))
            text = text.replace(line, line.replace(f",{row.label},", f",{other},"))
    assert text != planted.index.read_text()
    planted.index.write_text(text)
    values = planted.values["text"].copy()
    values[[row.split == "test" for row in planted.utterances]] += 100
    digest = read_index(planted.index).digest
    planted_corpus.write_cache(
        planted.features["text"], planted.utterances, values, planted.present["text"], digest=digest
    )
    after = run(planted, tmp_path / "b")
    assert (before / "model.safetensors").read_bytes() == (after / "model.safetensors").read_bytes()
    assert (before / "probabilities.csv").read_bytes() != (after / "probabilities.csv").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", registry.NAMES)
@pytest.mark.parametrize(("history", "future"), [(2, 1), (3, 0)])
def test_nothing_outside_the_window_influences_an_output(planted, name, history, future):
    """Eq. (1): changing utterance 12 reaches at most 12 - future to 12 + history; with future 0 it is causal."""
    part = dataset.load(read_index(planted.index), planted.features, history=history, future=future)["train"]
    present = torch.ones_like(part.present)
    torch.manual_seed(0)
    module = building.build(name, dims=DIMS, classes=3, hidden=8, heads=2, dropout=0.0).eval()
    features = {key: values.clone() for key, values in part.features.items()}
    features["text"][12] += 5.0  # the second dialogue's fourth utterance
    before = predict(module, replace(part, present=present))
    after = predict(module, replace(part, present=present, features=features))
    reached = range(12 - future, 13 + history)
    alone, same = [12], [row for row in reached if part.speakers[row] == part.speakers[12]]
    known = {
        "cnn": alone,
        "keca": alone,
        "cross_modal": alone,
        "logistic_regression": alone,
        "cmn": range(12, 13 + history),
        "inertia": same,
    }
    within = known.get(name, reached)
    assert (before != after).any(1).nonzero().squeeze(1).tolist() == list(within)


def test_validation_scores_agree_with_scikit_learn(planted):
    part = dataset.load(read_index(planted.index), planted.features, history="all", future="all")["validation"]
    part.labels[2] = -1
    module = building.build("fusion", dims=DIMS, classes=3, hidden=8, heads=2, dropout=0.0).eval()
    with torch.no_grad():
        loss, score = _validate(module, part, classes=3, helper=None)
        logits = predict(module, part)
    known = part.labels >= 0
    assert loss == pytest.approx(torch.nn.functional.cross_entropy(logits[known], part.labels[known]).item())
    assert score == pytest.approx(f1_score(part.labels[known], logits[known].argmax(1), average="weighted"))


@pytest.mark.slow
def test_impossible_arguments_leave_the_old_result(planted, tmp_path):
    out = run(planted, tmp_path, epochs=1)
    before = {name: (out / name).read_bytes() for name in FILES}
    for changes, message in (
        ({"model": "svm"}, "model is 'svm', expected one of"),
        ({"heads": 3}, "heads is 3, expected a divisor of 16"),
        ({"history": "all"}, "for both or for neither"),
        ({"lr": 1e38}, "loss is not finite"),
        ({"lr": float("inf")}, "lr is inf, expected a finite number"),
    ):
        with pytest.raises(EmotionError, match=message):
            run(planted, tmp_path, **changes)
    assert {name: (out / name).read_bytes() for name in FILES} == before


def test_splits_without_labels_are_refused(planted, tmp_path):
    planted.index.write_text(planted.index.read_text().replace(",validation,", ",test,"))
    with pytest.raises(EmotionError, match="split validation has no labelled utterances"):
        run(planted, tmp_path)


def test_nothing_to_learn_from_is_refused(planted, tmp_path, monkeypatch):
    loaded = dataset.load

    def nothing(*given, **named):
        parts = loaded(*given, **named)
        return {name: replace(part, present=torch.zeros_like(part.present)) for name, part in parts.items()}

    monkeypatch.setattr(dataset, "load", nothing)
    with pytest.raises(EmotionError, match=r"no training utterance has .*, so nothing can be learned; set modalities"):
        run(planted, tmp_path)
    assert not (tmp_path / "fusion").exists()


@pytest.mark.slow
def test_baselines_say_that_they_keep_their_sizes(planted, tmp_path, capsys):
    run(planted, tmp_path, model="bc_lstm", epochs=1)
    assert (
        "bc_lstm keeps its published sizes; hidden, heads and dropout are for other models" in capsys.readouterr().err
    )


def test_unfinished_training_is_named_after_the_code(planted, tmp_path, monkeypatch):
    names = []

    def stopped(*_, checkpoint, **__):
        names.append(checkpoint.name)
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "fit", stopped)
    for code in ("one", "one", "two"):
        monkeypatch.setattr(train, "digest_of", lambda *_, code=code: code)
        with pytest.raises(KeyboardInterrupt):
            run(planted, tmp_path)
    assert names[0] == names[1] != names[2]
