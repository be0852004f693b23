import json

import numpy as np
import pytest
from planted_study import LABELS, conduct, results, rows_of
from sklearn.metrics import accuracy_score, f1_score

from emotion import fuse
from emotion.corpus.utterance import read_index
from emotion.study import run as run_module
from emotion.study.run import read_result

TABLES = ("study.csv", "study.md", "study.json", "study.png", "reliability.png", "per_class.csv")


@pytest.fixture(scope="module")
def finished(features, tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    return conduct(features, out, missing=True, ablate=["attention", "modalities"])


def test_the_files(finished):
    runs = [path.name for path in (finished / "runs").iterdir()]
    assert len(runs) == 2 * 5
    assert len([name for name in runs if name.startswith("fusion_without_attention-seed")]) == 2
    names = {*TABLES, "runs.csv", "missing.csv", "missing.png", "runs"}
    assert {path.name for path in finished.iterdir()} == names
    head = (finished / "runs.csv").read_text().splitlines()[0]
    expected = "model,seed,epoch,validation_weighted_f1,test_weighted_f1,test_accuracy,peek_weighted_f1,seconds"
    assert head == expected
    about = json.loads((finished / "study.json").read_text())
    assert (about["reference"], about["scored"], about["seeds"]) == ("fusion", "test", 2)


def test_every_run_is_scored_as_scikit_learn_scores_it(features, finished):
    index = read_index(features / "index.csv", test_labels=True)
    actual = {
        split: [LABELS.index(row.label) for row in index.utterances if row.split == split]
        for split in ("validation", "test")
    }
    runs = rows_of(finished / "runs.csv")
    assert len(runs) == 10
    for row in runs:
        words = row["model"].replace(" ", "_").replace("+", "_")
        (path,) = (finished / "runs").glob(f"{words}-seed{row['seed']}-*.npz")
        result = read_result(path)
        guess = {split: logs.argmax(1) for split, logs in result.logs.items()}
        f1 = {split: f1_score(actual[split], guess[split], average="weighted", zero_division=0) for split in guess}
        assert float(row["validation_weighted_f1"]) == pytest.approx(f1["validation"], abs=1e-6)
        assert float(row["test_weighted_f1"]) == pytest.approx(f1["test"], abs=1e-6)
        assert float(row["test_accuracy"]) == pytest.approx(accuracy_score(actual["test"], guess["test"]), abs=1e-6)
        epochs = [f1_score(actual["test"], line, average="weighted", zero_division=0) for line in result.by_epoch]
        assert len(epochs) == 3
        assert float(row["peek_weighted_f1"]) == pytest.approx(max(epochs), abs=1e-6)
        assert epochs[int(row["epoch"]) - 1] == pytest.approx(f1["test"])
        assert int(row["epoch"]) == result.epoch


def test_the_rows_of_the_study(finished):
    rows = {row["model"]: row for row in rows_of(finished / "study.csv")}
    expected = ["fusion", "fusion without attention", "fusion on audio", "fusion on text", "cnn"]
    assert list(rows) == expected
    runs = rows_of(finished / "runs.csv")
    for name, row in rows.items():
        own = [float(run["test_weighted_f1"]) for run in runs if run["model"] == name]
        assert float(row["test_weighted_f1"]) == pytest.approx(np.mean(own), abs=1e-6)
        assert float(row["test_weighted_f1_std"]) == pytest.approx(np.std(own, ddof=1), abs=1e-6)
        low, high = float(row["test_weighted_f1_ci_low"]), float(row["test_weighted_f1_ci_high"])
        assert low < float(row["test_weighted_f1"]) < high
        peek = [float(run["peek_weighted_f1"]) for run in runs if run["model"] == name]
        assert float(row["peek_inflation"]) == pytest.approx(np.mean(peek) - np.mean(own), abs=2e-6)
        assert row["compared_with"] == ("" if name == "fusion" else "fusion")
    assert rows["fusion"]["difference"] == ""
    difference = float(rows["cnn"]["test_weighted_f1"]) - float(rows["fusion"]["test_weighted_f1"])
    assert float(rows["cnn"]["difference"]) == pytest.approx(difference, abs=2e-6)
    assert rows["cnn"]["bootstrap_p_holm"] == rows["cnn"]["bootstrap_p"]  # the only other model
    for test in ("bootstrap_p", "wilcoxon_p"):  # three ablations
        smallest = min((rows[name] for name in expected[1:4]), key=lambda row: float(row[test]))
        assert float(smallest[f"{test}_holm"]) == pytest.approx(min(1, 3 * float(smallest[test])), abs=1e-5)


def test_the_ensemble_averages_probabilities(features, finished):
    rows = read_index(features / "index.csv", test_labels=True).utterances
    actual = [LABELS.index(row.label) for row in rows if row.split == "test"]
    logs = [result.logs["test"].astype(float) for name, result in results(finished).items() if name.startswith("cnn-")]
    expected = f1_score(actual, np.mean(np.exp(logs), axis=0).argmax(1), average="weighted", zero_division=0)
    (row,) = [row for row in rows_of(finished / "study.csv") if row["model"] == "cnn"]
    assert float(row["test_ensemble_weighted_f1"]) == pytest.approx(expected, abs=1e-6)


def test_the_page(finished):
    text = (finished / "study.md").read_text()
    for title in ("Models", "Compared with the reference", "Per class", "The paper's Table 2", "Ablations"):
        assert f"## {title}\n" in text
    assert "| Our Model (paper) | precision | 45.3 | 75.7 | 53.9 | 61.1 | 65.7 | 62.1 | 61.7 | A |" in text
    assert "| CMN (paper) | recall | 25.0 | 55.9 | 52.8 | 61.7 | 55.5 | 71.1 | 56.5 | A |" in text
    assert "| `fusion` (here) | recall |" in text
    assert "test, 36 utterances" in text
    assert "nan" not in text.lower().replace("finance", "")


def test_missing_modalities(features, finished):
    rows = rows_of(finished / "missing.csv")
    assert {row["model"] for row in rows} == {"fusion", "cnn"}
    of = {(row["model"], row["kind"], row["modalities"], row["share"]): float(row["weighted_f1"]) for row in rows}
    main = {row["model"]: float(row["test_weighted_f1"]) for row in rows_of(finished / "study.csv")}
    for model in ("fusion", "cnn"):
        assert of[model, "present", "audio+text", "0.000000"] == pytest.approx(main[model], abs=1e-6)
        for name in ("audio", "text", "any"):
            assert of[model, "missing", name, "0.000000"] == pytest.approx(main[model], abs=1e-6)
        assert of[model, "present", "audio", "0.000000"] < main[model]
        assert of[model, "missing", "text", "0.900000"] < main[model]
    assert len(rows) == 2 * (3 + 3 * 10)


def test_same_command_trains_nothing_and_writes_the_same(features, finished, monkeypatch, capsys):
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    monkeypatch.setattr(fuse, "fit", None)
    conduct(features, finished, missing=True, ablate=["attention", "modalities"])
    assert {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()} == before
    assert capsys.readouterr().err == ""


def test_an_interrupted_study_ends_with_the_same_tables(features, finished, tmp_path, monkeypatch, capsys):
    """Killed after the third run, one file cut short, one lost: only those are done again."""
    out = tmp_path / "again"
    real, count = run_module.Worker.train, []

    def train(self, run):
        if len(count) == 3:
            raise KeyboardInterrupt
        count.append(run)
        real(self, run)

    options = {"missing": True, "ablate": ["attention", "modalities"]}
    monkeypatch.setattr(run_module.Worker, "train", train)
    with pytest.raises(KeyboardInterrupt):
        conduct(features, out, **options)
    assert len(list((out / "runs").iterdir())) == 3
    assert not (out / "study.md").exists()
    cut = count[1].path
    cut.write_bytes(cut.read_bytes()[:-100])
    count[2].path.unlink()
    (out / "runs" / "fusion-seed1-0000.npz.partial").write_bytes(b"left by a kill")
    count.clear()
    monkeypatch.setattr(run_module.Worker, "train", lambda self, run: (count.append(run), real(self, run)))
    conduct(features, out, **options)
    assert len(count) == 9
    assert f"{cut}: damaged, the run is done again" in capsys.readouterr().err
    for name in (*TABLES, "missing.csv", "missing.png"):
        assert (out / name).read_bytes() == (finished / name).read_bytes(), name


@pytest.mark.slow
def test_processes_do_not_change_the_tables(features, finished, tmp_path):
    out = conduct(features, tmp_path, missing=True, ablate=["attention", "modalities"], workers=2)
    for name in (*TABLES, "missing.csv", "missing.png"):
        assert (out / name).read_bytes() == (finished / name).read_bytes(), name
