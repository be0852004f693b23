import json
import re
import shutil

import numpy as np
import pytest
from planted_corpus import DIMS
from planted_study import LABELS, conduct, recipe, results, rows_of
from sklearn.metrics import accuracy_score, f1_score

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import read_index
from emotion.fusion import train
from emotion.study import notes
from emotion.study import run as run_module
from emotion.study.run import read_result

TABLES = ("study.csv", "study.md", "study.json", "study.png", "reliability.png", "per_class.csv")


@pytest.fixture(scope="module")
def finished(features, tmp_path_factory):
    out = tmp_path_factory.mktemp("study")
    return conduct(features, out, missing=True, ablate=["attention", "modalities"])


@pytest.mark.slow
def test_the_files(finished):
    runs = [path.name for path in (finished / "runs").iterdir()]
    assert len(runs) == 2 * 5
    assert len([name for name in runs if name.startswith("fusion_without_attention-seed")]) == 2
    names = {*TABLES, "runs.csv", "gaps.csv", "missing.csv", "missing.png", "runs", "paper"}
    assert {path.name for path in finished.iterdir()} == names
    head = (finished / "runs.csv").read_text().splitlines()[0]
    expected = "model,seed,epoch,validation_weighted_f1,test_weighted_f1,test_accuracy,peek_weighted_f1,seconds"
    assert head == expected
    about = json.loads((finished / "study.json").read_text())
    assert (about["reference"], about["scored"], about["seeds"]) == ("fusion", "test", 2)
    assert about["features"] == DIMS


@pytest.mark.slow
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
        assert float(row["test_weighted_f1_std"]) == pytest.approx(np.std(own, ddof=1), abs=2e-6)
        low, high = float(row["test_weighted_f1_ci_low"]), float(row["test_weighted_f1_ci_high"])
        assert low < float(row["test_weighted_f1"]) < high
        peek = [float(run["peek_weighted_f1"]) for run in runs if run["model"] == name]
        assert float(row["peek_inflation"]) == pytest.approx(np.mean(peek) - np.mean(own), abs=2e-6)
        assert row["compared_with"] == ("" if name == "fusion" else "fusion")
    assert rows["fusion"]["difference"] == ""
    difference = float(rows["cnn"]["test_weighted_f1"]) - float(rows["fusion"]["test_weighted_f1"])
    assert float(rows["cnn"]["difference"]) == pytest.approx(difference, abs=2e-6)
    assert rows["cnn"]["bootstrap_p_holm"] == rows["cnn"]["bootstrap_p"]  # the only other model
    smallest = min((rows[name] for name in expected[1:4]), key=lambda row: float(row["bootstrap_p"]))  # of 3 ablations
    assert float(smallest["bootstrap_p_holm"]) == pytest.approx(min(1, 3 * float(smallest["bootstrap_p"])), abs=1e-5)
    assert {row["wilcoxon_p_holm"] for row in rows.values()} == {""}  # two seeds cannot reach 0.05


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
    assert "| fusion (here) | recall |" in text
    assert re.search(r"\n\| cnn \| \d+\.\d\d \| fusion \| .* to .* \| \d\.\d{3} \| none \(2 seeds\) \|\n", text)
    assert "by a bootstrap over 12 dialogues; weighted F1" in text
    assert "No intervals" not in text and "Encoders: unknown" not in text and "Classes without" not in text
    assert "test, 36 utterances" in text
    assert "nan" not in text.lower().replace("finance", "")


def test_notes_stand_where_the_list_of_notes_says(finished):
    """docs/results.md has them once, so benchmarks/study_page.py leaves these out."""
    sections = (finished / "study.md").read_text().split("\n## ")[1:]
    noted = {section.split("\n")[0] for section in sections if not section.strip().split("\n\n")[-1].startswith("|")}
    titles = {section.split("\n")[0] for section in sections}
    assert noted <= set(notes.UNDER) and set(notes.UNDER) - noted <= {"Missing modalities"}
    assert titles > noted


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


@pytest.mark.slow
def test_same_command_trains_nothing_and_writes_the_same(features, finished, monkeypatch, capsys):
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    monkeypatch.setattr(train, "fit", None)
    conduct(features, finished, missing=True, ablate=["attention", "modalities"])
    assert {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()} == before
    assert capsys.readouterr().err == ""


@pytest.mark.slow
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
def test_tables_of_another_command_do_not_stay(features, finished, tmp_path, no_pictures):
    out = shutil.copytree(finished, tmp_path / "out")
    conduct(features, out, ablate=["attention", "modalities"])
    assert not (out / "missing.csv").exists()
    assert not (out / "missing.png").exists()
    assert (out / "study.md").is_file()


@pytest.mark.slow
def test_members_and_the_ablations_of_two_models(features, tmp_path, no_pictures):
    """Each model's ablations are compared with it, and corrected for on their own."""
    out = conduct(
        features,
        tmp_path,
        models=["fusion", "speaker_fusion"],
        recipe=lambda model: recipe(model, members=2 if model == "speaker_fusion" else 1),
        ablate=["attention", "members", "attention"],
        ablate_models=["speaker_fusion", "fusion"],
        epochs=2,
    )
    rows = {row["model"]: row for row in rows_of(out / "study.csv")}
    names = ["fusion", "fusion without attention", "speaker_fusion", "speaker_fusion without attention"]
    assert list(rows) == [*names, "speaker_fusion with one member"]
    assert [row["members"] for row in rows.values()] == ["1", "1", "2", "2", "1"]
    assert [row["compared_with"] for row in rows.values()] == ["", "fusion", "fusion", *["speaker_fusion"] * 2]
    alone = rows["fusion without attention"]
    assert alone["bootstrap_p_holm"] == alone["bootstrap_p"]
    two = [row for name, row in rows.items() if row["compared_with"] == "speaker_fusion"]
    least = min(two, key=lambda row: float(row["bootstrap_p"]))
    assert float(least["bootstrap_p_holm"]) == pytest.approx(min(1, 2 * float(least["bootstrap_p"])), abs=1e-5)
    text = (out / "study.md").read_text()
    assert "\n| model | members |" in text
    assert "\n| speaker_fusion | 2 |" in text
    assert "one of architecture and of voting; `--ablate members`" in text
    assert text.count("Holm-corrected over the lines of this table that are against the same model.") == 2


@pytest.mark.slow
def test_a_run_that_diverges_is_named(features, tmp_path):
    def wild(model):
        return recipe(model, lr=1e30 if model == "cnn" else 2e-2)

    with pytest.raises(
        EmotionError, match=r"^cnn, seed 1: the loss is not finite in epoch \d+ .*lower the learning"
    ) as e:
        conduct(features, tmp_path, recipe=wild, epochs=2)
    assert "\n" not in str(e.value)
    options = {"models": ["cnn"], "protocol": "leave-one-session-out"}
    with pytest.raises(EmotionError, match=r"^cnn, Ses01 held out, seed 1: the loss"):
        conduct(features, tmp_path / "folds", recipe=wild, **options)


def test_damage_of_any_kind_is_seen(finished, tmp_path):
    path = min((finished / "runs").iterdir())
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    other = tmp_path / "run.npz"
    assert read_result(other) is None
    for _ in range(100):
        content = bytearray(whole)
        content[rng.integers(len(content) - 200, len(content))] ^= 1 << rng.integers(8)
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        other.write_bytes(content)
        read_result(other)
    for end in rng.integers(0, len(whole), 10):
        other.write_bytes(whole[:end])
        assert read_result(other) is None


def test_a_file_that_may_not_be_read_is_no_damage(tmp_path):
    (tmp_path / "run.npz").mkdir()
    with pytest.raises(EmotionError, match=r"run\.npz: cannot be read \(Is a directory\)"):
        read_result(tmp_path / "run.npz")


@pytest.mark.full
@pytest.mark.slow
def test_processes_do_not_change_the_tables(features, finished, tmp_path):
    out = conduct(features, tmp_path, missing=True, ablate=["attention", "modalities"], workers=2)
    for name in (*TABLES, "missing.csv", "missing.png"):
        assert (out / name).read_bytes() == (finished / name).read_bytes(), name


def test_what_needs_frames_is_refused_before_anything_is_trained(features, tmp_path):
    with pytest.raises(EmotionError, match="cross_modal, which reads words and frames, but the caches hold one vector"):
        conduct(features, tmp_path / "out", models=["cnn", "cross_modal"])
    assert not (tmp_path / "out").exists()
