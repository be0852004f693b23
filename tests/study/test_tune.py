"""Choosing settings: without the test set, to the same bytes, and as well as a plain loop would say."""

import json
import shutil
import sys

import numpy as np
import pytest
from planted_study import plant, relabel_test
from typer.testing import CliRunner

from emotion.cli import app
from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index
from emotion.fusion import train
from emotion.fusion.recipes import read_chosen, read_recipe
from emotion.fusion.settings import TrainSettings
from emotion.study import trials as trials_module
from emotion.study.inner import inner_folds
from emotion.study.run import load_fold
from emotion.study.study import caches_of
from emotion.study.tuning import tune_recipe
from emotion.training.curve import best_epoch

SPACE = "lr: {low: 1e-3, high: 1e-1, scale: log}\nhidden: [4, 8]\ndropout: {low: 0.1, high: 0.5}\n"
SMALL = {"epochs": 2, "batch": 8, "heads": 2}


def test_without_optuna_one_line_says_how_to_get_it(features, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(EmotionError, match=r"tuning needs Optuna, which is not installed: pip install -e '\.\[tune\]'"):
        tune_recipe(features, model="cnn", out=tmp_path / "cnn.yaml")
    assert list(tmp_path.iterdir()) == []


def test_another_file_is_not_replaced(features, tmp_path):
    (tmp_path / "fusion.yaml").write_text("# mine\nlr: 1e-3\n")
    with pytest.raises(EmotionError, match=r"fusion\.yaml: another file is there and is not replaced"):
        tune_recipe(features, model="fusion", out=tmp_path / "fusion.yaml")


def test_wrong_numbers_and_names(features, tmp_path):
    for options, words in (
        ({"trials": 0}, "trials is 0, expected a whole number from 1"),
        ({"folds": 1}, "folds is 1, expected a whole number from 2"),
        ({"protocol": "random"}, "protocol is 'random', expected one of session, scenario"),
    ):
        with pytest.raises(EmotionError, match=words):
            tune_recipe(features, model="fusion", out=tmp_path / "fusion.yaml", **options)


def conduct(features, out, *, trials=7, model="fusion", space=SPACE, **options):
    pytest.importorskip("optuna")
    out.parent.mkdir(parents=True, exist_ok=True)
    (out.parent / "space.yaml").write_text(space)
    given = {"space": out.parent / "space.yaml", "changes": SMALL if model == "fusion" else {"epochs": 2}}
    return tune_recipe(features, model=model, out=out, trials=trials, **given | options)


def naive(features, recipe, model="fusion"):
    """Mean over the held-out groups of the best epoch's score, each trained by itself."""
    index, found = read_index(features / "index.csv"), []
    for fold in inner_folds(index, protocol="session", most=3).folds:
        settings = TrainSettings(model=model, **recipe)
        caches = caches_of(features)
        splits = load_fold(fold, caches, list(caches), history=settings.history, future=settings.future)
        _, lines = train.fit(splits, classes=len(index.labels), settings=settings)
        found.append(best_epoch(lines).validation_weighted_f1)
    return float(np.mean(found))


@pytest.mark.slow
def test_the_scores_are_those_of_a_plain_loop_and_the_recipe_holds_the_best(features, tmp_path):
    found = conduct(features, tmp_path / "fusion.yaml")
    recipe = read_recipe("fusion", tmp_path)
    assert recipe == found.recipe and found.best > 0
    assert naive(features, recipe) == pytest.approx(found.score)
    assert naive(features, read_recipe("fusion", changes=SMALL)) == pytest.approx(found.default)
    text = (tmp_path / "fusion.yaml").read_text()
    assert f"): {100 * found.score:.2f}; of the recipe it began with {100 * found.default:.2f}." in text
    assert read_chosen("fusion", tmp_path) == (
        "emotion tune, 7 trials, seed 1, on 3 held-out groups of sessions of the training part; set by hand: epochs 2, "
        "batch 8, heads 2"
    )
    assert "Ses0" not in text and str(tmp_path) not in text and "anna" not in text
    said = {line.partition(":")[0]: line for line in text.splitlines() if not line.startswith("#")}
    assert said["lr"].endswith("learning rate of Adam, > 0; tuned") and "tuned" not in said["epochs"]
    assert recipe["epochs"] == 2 and recipe["hidden"] in (4, 8)


@pytest.mark.slow
def test_test_labels_and_test_features_take_no_part(features, tmp_path):
    """Shuffled and poisoned: the same bytes."""
    conduct(features, tmp_path / "one" / "fusion.yaml", trials=3)
    other = plant(tmp_path / "features")
    relabel_test(other)
    poison(other)
    conduct(other, tmp_path / "two" / "fusion.yaml", trials=3)
    assert (tmp_path / "one" / "fusion.yaml").read_bytes() == (tmp_path / "two" / "fusion.yaml").read_bytes()


def poison(features):
    """Make every test utterance's features another's, in caches that are whole again."""
    from planted_corpus import DIMS, write_cache

    from emotion.store.cache import Cache

    index = read_index(features / "index.csv")
    for name in DIMS:
        path = features / "features" / f"{name}.h5"
        with Cache(path) as cache:
            values = np.stack([cache.values()[cache.offsets[cache.row(row.utterance)]] for row in index.utterances])
        values[[row.split == "test" for row in index.utterances]] = 1e30
        path.unlink()
        write_cache(path, index.utterances, values, np.ones(len(values), dtype=bool), digest=index.digest)


@pytest.mark.slow
def test_killed_half_way_it_ends_the_same(features, tmp_path, monkeypatch):
    """In the middle of the second round, with one of its trials done; a finished search trains nothing."""
    whole = conduct(features, tmp_path / "whole" / "fusion.yaml")
    real, count = trials_module.TrialTrainer.train, []

    def train_some(self, trial):
        count.append(trial.number)
        if len(count) == 7:
            raise KeyboardInterrupt
        real(self, trial)

    monkeypatch.setattr(trials_module.TrialTrainer, "train", train_some)
    out = tmp_path / "killed" / "fusion.yaml"
    with pytest.raises(KeyboardInterrupt):
        conduct(features, out)
    assert not out.exists() and len(list((tmp_path / "killed" / "fusion.tune").glob("*.json"))) == 1
    count.clear()
    count.extend([0] * 10)
    again = conduct(features, out)
    assert count[10:] == [6] and again.score == whole.score
    assert out.read_bytes() == (tmp_path / "whole" / "fusion.yaml").read_bytes()
    assert conduct(features, out) == again and count[11:] == []
    assert not list((tmp_path / "killed" / "fusion.tune").glob("*.json"))


@pytest.mark.full
@pytest.mark.slow
def test_the_number_of_processes_and_more_trials_later_change_nothing(features, tmp_path):
    conduct(features, tmp_path / "one" / "fusion.yaml", trials=6)
    conduct(features, tmp_path / "two" / "fusion.yaml", trials=2)
    conduct(features, tmp_path / "two" / "fusion.yaml", trials=6, workers=2)
    assert (tmp_path / "one" / "fusion.yaml").read_bytes() == (tmp_path / "two" / "fusion.yaml").read_bytes()


@pytest.mark.slow
def test_a_loss_that_is_not_finite_ends_a_trial_and_not_the_search(features, tmp_path):
    space = "lr: [2e-2, 1e30]\n"
    found = conduct(features, tmp_path / "fusion.yaml", trials=5, space=space, changes=SMALL | {"clip": 0})
    assert found.stopped >= 1 and found.recipe["lr"] != 1e30
    with pytest.raises(EmotionError, match="the loss of fusion is not finite with the settings of its recipe"):
        conduct(features, tmp_path / "b" / "fusion.yaml", trials=1, space="batch: [8]\n", changes=SMALL | {"lr": 1e30})


@pytest.mark.slow
def test_a_damaged_database_is_one_line(features, tmp_path):
    out = tmp_path / "fusion.yaml"
    conduct(features, out, trials=1)
    database = tmp_path / "fusion.tune" / "trials.sqlite"
    database.write_bytes(b"no database" * 1000)
    with pytest.raises(EmotionError, match=r"trials\.sqlite: cannot be used \(.*remove it, and run again"):
        conduct(features, out, trials=2)
    shutil.rmtree(tmp_path / "fusion.tune")
    assert conduct(features, out, trials=1).best == 0
    assert "trial 0, which is the recipe it began with; none was better" in out.read_text()


@pytest.mark.slow
def test_stopped_where_a_median_is_not_reached():
    pytest.importorskip("optuna")
    from emotion.study.search import Stopper

    rng = np.random.default_rng(0)
    curves = [np.maximum.accumulate(rng.random(12)).tolist() for _ in range(7)]
    for mine in (np.maximum.accumulate(rng.random(12) * scale) for scale in (0.3, 0.9, 1.2)):
        stopper = Stopper(curves, epochs=8)
        for step, reached in enumerate(mine.tolist()):
            expected = step >= 2 and reached < np.median([curve[step] for curve in curves])
            assert stopper.behind(step, reached) == expected, step
    few = Stopper(curves[:4], epochs=8)
    assert not any(few.behind(step, 0.0) for step in range(12))


@pytest.mark.slow
def test_the_command(features, tmp_path):
    pytest.importorskip("optuna")
    (tmp_path / "space.yaml").write_text("lr: [1e-2, 2e-2]\n")
    out = tmp_path / "cnn.yaml"
    command = ["tune", "--features", features, "--out", out, "--model", "cnn", "--trials", "2", "--set", "epochs=1"]
    command += ["--space", tmp_path / "space.yaml", "--workers", "1"]
    result = CliRunner().invoke(app, list(map(str, command)))
    assert result.exit_code == 0, result.output
    last = result.stderr.splitlines()[-1]
    assert last.startswith("tune: cnn, best is trial ") and f"-> {out}; next: emotion study" in last
    assert "2/2 trials" in result.stderr and json.dumps("s left")[1:-1] in result.stderr
