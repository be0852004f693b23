import numpy as np
import pytest
from planted_study import conduct, plant, recipe, relabel_test, results, rows_of

from emotion.core.errors import EmotionError
from emotion.study import study as study_module


@pytest.mark.slow
def test_test_labels_are_read_for_the_tables_only(features, tmp_path, monkeypatch, no_pictures):
    """With other test labels the runs leave the very same predictions behind, under the same names."""
    seen = []
    real = study_module.train_all

    def train_all(todo, make, **how):
        rows = [row for fold in make.args[0].values() for row in fold.index.utterances]
        seen.append([row.label for row in rows if row.split == "test"])
        monkeypatch.setattr(study_module, "truth", lambda path: pytest.fail("labels before the end"))
        yield from real(todo, make, **how)
        monkeypatch.setattr(study_module, "truth", truth)

    truth = study_module.truth
    monkeypatch.setattr(study_module, "train_all", train_all)
    options = {"models": ["fusion"], "seeds": 1}
    first = conduct(features, tmp_path / "first", **options)
    assert seen == [[""] * 36]
    other = plant(tmp_path / "features")
    relabel_test(other)
    second = conduct(other, tmp_path / "second", **options)
    before, after = results(first), results(second)
    assert list(before) == list(after)
    for name, result in before.items():
        for split in ("validation", "test"):
            assert np.array_equal(result.logs[split], after[name].logs[split])
        assert np.array_equal(result.by_epoch, after[name].by_epoch)
    scores = [rows_of(out / "runs.csv")[0] for out in (first, second)]
    assert scores[0]["validation_weighted_f1"] == scores[1]["validation_weighted_f1"]
    assert scores[0]["test_weighted_f1"] != scores[1]["test_weighted_f1"]


@pytest.mark.slow
def test_features_without_test_utterances(tmp_path):
    out = conduct(plant(tmp_path / "features", test=False), tmp_path / "out", missing=True)
    for row in [*rows_of(out / "runs.csv"), *rows_of(out / "study.csv")]:
        assert float(row["validation_weighted_f1"]) > 0
        assert {value for name, value in row.items() if name.startswith(("test_", "peek_"))} == {""}
    text = (out / "study.md").read_text()
    assert "hold no test utterances" in text
    assert "validation only, 36 utterances" in text
    assert (out / "missing.png").is_file()


@pytest.mark.slow
def test_leave_one_session_out(features, tmp_path, no_pictures):
    out = conduct(
        features, tmp_path, models=["cnn"], protocol="leave-one-session-out", recipe=lambda m: recipe(m, epochs=2)
    )
    runs = rows_of(out / "runs.csv")
    assert [(row["held_out"], row["seed"]) for row in runs] == [
        (session, seed) for session in ("Ses01", "Ses02", "Ses03") for seed in "12"
    ]
    (row,) = rows_of(out / "study.csv")
    means = [np.mean([float(run["test_weighted_f1"]) for run in runs if run["seed"] == seed]) for seed in "12"]
    assert float(row["test_weighted_f1"]) == pytest.approx(np.mean(means), abs=1e-6)
    assert float(row["test_weighted_f1_std"]) == pytest.approx(np.std(means, ddof=1), abs=1e-6)
    assert float(row["test_weighted_f1_ci_low"]) < float(row["test_weighted_f1_ci_high"])
    assert row["validation_weighted_f1_ci_low"] == row["validation_weighted_f1_ci_high"] == ""  # folds share dialogues
    text = (out / "study.md").read_text()
    assert "Protocol: leave one session out" in text
    assert "figures per class count all held-out sessions together; the last of a row is a mean over sessions" in text


@pytest.mark.slow
def test_one_seed_of_one_model(features, tmp_path, no_pictures):
    out = conduct(features, tmp_path, models=["cnn"], seeds=1, epochs=1)
    (row,) = rows_of(out / "study.csv")
    assert row["test_weighted_f1_std"] == ""
    assert "nan" not in (out / "study.md").read_text()


def test_wrong_arguments(features, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder, options, message in (
        (tmp_path / "none", {}, "none: no such folder"),
        (empty, {}, r"features: holds no \.h5 file"),
        (features, {"models": []}, "models are ''"),
        (features, {"models": ["cnn", "cnn"]}, "models are 'cnn,cnn'"),
        (features, {"models": ["svm"]}, "model is 'svm', expected one of"),
        (features, {"reference": "cmn"}, "'cmn' is not among the models"),
        (features, {"seeds": 0}, "seeds is 0"),
        (features, {"epochs": 0}, "epochs is 0"),
        (features, {"ablate": ["depth"]}, "--ablate depth: expected some of modalities, attention"),
        (features, {"models": ["cnn"], "ablate": ["attention"]}, "--ablate attention: cnn has no such part; name a"),
        (features, {"protocol": "holdout"}, "protocol is 'holdout'"),
        (features, {"annotators": tmp_path / "no.csv"}, r"no\.csv: not found"),
        (features, {"out": features / "index.csv"}, r"index\.csv: is a file, expected a folder"),
    ):
        with pytest.raises(EmotionError, match=message) as caught:
            conduct(folder, **{"out": tmp_path / "out"} | options)
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "out" / "study.md").exists()


def test_damaged_caches_are_named(tmp_path):
    folder = plant(tmp_path / "features")
    path = folder / "features" / "text.h5"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(EmotionError, match=r"text\.h5: .*not a usable cache"):
        conduct(folder, tmp_path / "out")
    (folder / "index.json").unlink()
    with pytest.raises(EmotionError, match=r"index\.json: not found"):
        conduct(folder, tmp_path / "out")


def test_two_studies_do_not_share_a_folder(features, tmp_path, monkeypatch):
    def again(*_, **__):
        monkeypatch.setattr(study_module, "_train", lambda *_, **__: None)
        with pytest.raises(EmotionError, match="another study is writing there"):
            conduct(features, tmp_path)
        raise KeyboardInterrupt

    monkeypatch.setattr(study_module, "_train", again)
    with pytest.raises(KeyboardInterrupt):
        conduct(features, tmp_path)
    assert not (tmp_path / ".lock").exists()
