"""What the stage `evaluate` says of raters and of groups of people."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from planted_corpus import utterances
from planted_votes import ambiguous, ballots, blank, write_votes
from scipy.spatial.distance import jensenshannon

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index, write_index
from emotion.evaluation.report import evaluate
from emotion.evaluation.summary import summary
from emotion.exchange.exporting import export_features

LABELS = ("happy", "sad", "neutral", "angry")
CURVE = "epoch,train_loss,validation_loss,validation_weighted_f1\n1,1.0,1.0,0.5\n2,0.9,0.8,0.6\n"


@pytest.fixture
def planted(tmp_path):
    """Forty dialogues, of which ten are tested; votes, and probabilities of every row."""
    rows = [replace(row, gender=row.speaker[-1]) for row in utterances((6,) * 40, labels=LABELS, seed=2)]
    write_index(tmp_path / "index.csv", rows, labels=LABELS, corpus="planted", notes={})
    votes = ballots(rows, LABELS)
    write_votes(tmp_path / "annotators.csv", votes, LABELS)
    (tmp_path / "training.csv").write_text(CURVE)
    rng, given = np.random.default_rng(0), {}
    with (tmp_path / "probabilities.csv").open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["utterance", "dialogue", "split", *LABELS])
        for row in rows:
            if row.split != "train":
                weights = 1 + 4 * (np.array(LABELS) == row.label)
                given[row.utterance] = np.round(rng.dirichlet(weights), 6)
                out.writerow([row.utterance, row.dialogue, row.split, *(f"{p:.6f}" for p in given[row.utterance])])
    blank(tmp_path / "index.csv", ambiguous(votes))
    return tmp_path, votes, given


def scored(folder, **options):
    out = folder / "metrics"
    evaluate(folder / "index.csv", folder / "probabilities.csv", folder / "training.csv", out=out, **options)
    return {name: json.loads((out / f"{name}.json").read_text()) for name in ("metrics", "details")}


@pytest.mark.slow
def test_every_rated_utterance_counts(planted):
    folder, votes, given = planted
    without = scored(folder)
    found = scored(folder, annotators=folder / "annotators.csv")
    assert found["metrics"] == without["metrics"] and "raters" not in without["details"]
    tested = [row.utterance for row in read_index(folder / "index.csv").utterances if row.split == "test"]
    parts = {"all rated": tested, "ambiguous": [name for name in tested if name in ambiguous(votes)]}
    parts["with a class"] = [name for name in tested if name not in ambiguous(votes)]
    assert found["details"]["raters"].keys() == parts.keys()
    assert found["metrics"]["test"]["n"] == len(parts["with a class"]) < len(tested)
    for part, names in parts.items():
        said = found["details"]["raters"][part]
        truths = {name: np.bincount(votes[name], minlength=len(LABELS)) / 3 for name in names}
        assert said["model"]["n"] == len(names)
        assert said["model"]["cross_entropy"] == pytest.approx(
            np.mean([-(truths[name] * np.log(given[name])).sum() for name in names]), abs=1e-5
        )
        assert said["model"]["js_distance"] == pytest.approx(
            np.mean([jensenshannon(truths[name], given[name], base=2) for name in names]), abs=1e-5
        )
        assert said["model"]["named"] == pytest.approx(
            np.mean([given[name].argmax() in votes[name] for name in names]), abs=1e-6
        )
        human = [votes[name].count(vote) > 1 for name in names for vote in votes[name]]
        assert said["rater"]["held_out_named"] == pytest.approx(np.mean(human), abs=1e-6)
        assert "js_distance" not in said["rater"]
    by = found["details"]["gaps"]
    assert [line["group"] for line in by["gender"]][:2] == ["F", "M"]
    assert sum(line["n"] for line in by["gender"][:2]) == len(parts["with a class"])


@pytest.mark.slow
def test_in_the_terminal(planted, capsys):
    folder, _, _ = planted
    scored(folder, annotators=folder / "annotators.csv")
    summary(folder / "metrics")
    said = capsys.readouterr().out
    assert "Against the raters, all rated, 60 utterances: cross-entropy" in said
    assert "One rater held out, another one says so: of the model and of the rater" in said
    assert "Genders, largest gap: " in said
    assert "Speakers: no gap is given, fewer than two have 10 dialogues or more." in said
    details = folder / "metrics" / "details.json"
    for damage in ({"raters": {"all rated": {}}}, {"raters": []}, {"gaps": {"gender": [1]}}):
        details.write_text(json.dumps(json.loads(details.read_text()) | damage))
        with pytest.raises(EmotionError, match="do not hold what is expected"):
            summary(folder / "metrics")


@pytest.mark.slow
def test_a_corpus_without_raters(planted):
    folder, _, _ = planted
    (folder / "annotators.csv").write_text("utterance,rater,labels\n")
    for annotators in (folder / "annotators.csv", folder / "none.csv"):
        assert "raters" not in scored(folder, annotators=annotators)["details"]


def test_formats_of_other_code_need_a_class_of_every_utterance(planted):
    folder, votes, _ = planted
    (folder / "features").mkdir()
    message = rf"index\.csv: {len(ambiguous(votes))} utterances have no class .*index\.ambiguous=false$"
    with pytest.raises(EmotionError, match=message):
        export_features(folder, out=folder / "out.npz", form="npz")


def test_a_model_that_is_sure_of_what_no_rater_says(planted):
    """Files have six decimals: a small probability is 0 there, of which the logarithm is not finite."""
    folder, votes, given = planted
    name = next(row.utterance for row in read_index(folder / "index.csv").utterances if row.split == "test")
    path, wrong = folder / "probabilities.csv", next(k for k in range(len(LABELS)) if k not in votes[name])
    sure = ",".join(f"{float(k == wrong):.6f}" for k in range(len(LABELS)))
    lines = path.read_text().splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith(f"{name},"))
    lines[place] = ",".join(lines[place].split(",")[:3]) + f",{sure}"
    path.write_text("\n".join(lines) + "\n")
    given[name] = np.clip([float(k == wrong) for k in range(len(LABELS))], 5e-7, 1)
    said = scored(folder, annotators=folder / "annotators.csv")["details"]["raters"]["all rated"]["model"]
    tested = [row.utterance for row in read_index(folder / "index.csv").utterances if row.split == "test"]
    truths = {one: np.bincount(votes[one], minlength=len(LABELS)) / 3 for one in tested}
    expected = np.mean([-(truths[one] * np.log(given[one].clip(5e-7))).sum() for one in tested])
    assert said["cross_entropy"] == pytest.approx(expected, abs=1e-5)
