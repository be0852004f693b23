import json

import numpy as np
import pytest
import torch
from encoders.planted import texts, vectors, waves

from emotion.core.errors import ABSENT, EmotionError, MediaError
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.settings import Fit
from emotion.encoders.text import TextEncoder
from emotion.extraction.fitting import fit_encoder

LABELS = ("calm", "loud")


def index(*, counts=(24, 8, 6), test_label: str = "") -> Index:
    """Rows whose ids count on through the three splits."""
    rows = []
    for split, count in zip(("train", "validation", "test"), counts, strict=True):
        for _ in range(count):
            number = len(rows)
            label = LABELS[number % 2] if split != "test" else test_label
            row = Utterance(str(number), "d", number, "s", 0.0, 1.0, label, split, "", "a.wav", "", "full")
            rows.append(row)
    return Index(utterances=tuple(rows), labels=LABELS, corpus="toy", digest="0")


def small() -> AudioEncoder:
    return AudioEncoder(dim=8, frame=320, hop=320, filters=4, kernel=64, stride=64, hidden=4)


def run(folder, *, read, rows=None, encoder=None, **options):
    folds = options.pop("folds", 1)
    settings = Fit(**{"epochs": 2, "lr": 1e-2, "weight_decay": 0.0, "batch": 8, "seed": 3} | options)
    report = folder / "metrics" / "report.json"
    places = {"out": folder / "models" / "audio", "report": report, "scratch": folder / "scratch"}
    fit_encoder(rows or index(), encoder or small(), read, **places, settings=settings, folds=folds)
    return json.loads(report.read_text())


def tones():
    values, _ = waves(40)
    return lambda row: values[int(row.utterance)]


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.slow
def test_folder_report_and_last_line(tmp_path, capsys):
    report = run(tmp_path, read=tones())
    assert [line["epoch"] for line in report["curve"]] == [1, 2]
    best = max(report["curve"], key=lambda line: line["validation_weighted_f1"])
    assert report["validation_weighted_f1"] == best["validation_weighted_f1"]
    assert report["utterances"]["train"] == {"used": 24, "skipped": 0}
    assert report["utterances"]["validation"]["used"] == 8
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("audio encoder: 24 training and 8 validation utterances, 0 skipped, validation weighted F1 ")
    assert last.endswith(str(tmp_path / "models" / "audio"))
    AudioEncoder.load(tmp_path / "models" / "audio")
    left = {path.name for path in tmp_path.rglob("*")}
    fitted = {"models", "audio", "settings.json", "model.safetensors", "trained_on.json"}
    assert left == fitted | {"metrics", "report.json", "scratch"}


@pytest.mark.slow
def test_same_seed_same_bytes_whatever_came_before(tmp_path):
    torch.manual_seed(1)
    run(tmp_path / "one", read=tones())
    torch.rand(7)
    run(tmp_path / "two", read=tones(), encoder=small())
    assert files(tmp_path / "one") == files(tmp_path / "two")
    run(tmp_path / "three", read=tones(), seed=4)
    assert files(tmp_path / "one") != files(tmp_path / "three")


@pytest.mark.slow
def test_poison_in_the_test_split_is_never_touched(tmp_path):
    good = tones()

    def read(row):
        assert row.split != "test", "the test split was read"
        return good(row)

    run(tmp_path / "clean", read=good, rows=index(counts=(24, 8, 0)))
    run(tmp_path / "poisoned", read=read, rows=index(test_label="loud"))
    assert files(tmp_path / "clean") == files(tmp_path / "poisoned")


@pytest.mark.slow
def test_validation_only_chooses_the_epoch(tmp_path):
    good = tones()

    def poisoned(row):
        return good(row) if row.split == "train" else np.full(999, 0.9, dtype=np.float32)

    clean = run(tmp_path / "clean", read=good, epochs=1)
    other = run(tmp_path / "poisoned", read=poisoned, epochs=1)
    weights = "models/audio/model.safetensors"
    assert (tmp_path / "clean" / weights).read_bytes() == (tmp_path / "poisoned" / weights).read_bytes()
    assert clean["curve"] != other["curve"]


@pytest.mark.slow
def test_unreadable_utterances_are_skipped_and_counted(tmp_path, capsys):
    good = tones()

    def read(row):
        if row.utterance in ("3", "26"):
            raise MediaError("empty: a.wav")
        return good(row)

    report = run(tmp_path, read=read)
    assert report["utterances"]["train"] == {"used": 23, "skipped": 1}
    assert report["skipped"] == {"empty": 2}  # no ids and no files: git keeps the report
    assert "2 skipped" in capsys.readouterr().err.splitlines()[-1]


def test_nothing_to_read(tmp_path):
    def read(row):
        raise MediaError("a.wav: no such file")

    with pytest.raises(EmotionError, match=r"none of the 24 train utterances can be read.*0: a.wav: no such file"):
        run(tmp_path, read=read)
    with pytest.raises(EmotionError, match=r"none of the 0 validation utterances"):
        run(tmp_path, read=tones(), rows=index(counts=(24, 0, 0)))
    assert not any((tmp_path / "models").iterdir())


@pytest.mark.parametrize(("split", "count"), [("train", 24), ("validation", 8)])
def test_a_modality_that_one_split_lacks(tmp_path, split, count):
    good = tones()

    def read(row):
        if row.split == split:
            raise MediaError(f"no audio: {ABSENT}")
        return good(row)

    with pytest.raises(EmotionError, match=rf"none of the {count} {split} utterances can be read.*no audio: {ABSENT}"):
        run(tmp_path, read=read)
    assert not any((tmp_path / "models").iterdir())


@pytest.mark.slow
def test_killed_run_goes_on_and_the_old_encoder_stays_until_then(tmp_path, monkeypatch):
    expected = run(tmp_path / "whole", read=tones(), epochs=3)
    run(tmp_path / "cut", read=tones(), epochs=1)
    before = files(tmp_path / "cut" / "models")
    collate, calls = AudioEncoder.collate, []

    def dying(self, inputs):
        calls.append(1)
        if len(calls) > 30:
            raise KeyboardInterrupt
        return collate(self, inputs)

    monkeypatch.setattr(AudioEncoder, "collate", dying)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut", read=tones(), epochs=3)
    monkeypatch.setattr(AudioEncoder, "collate", collate)
    assert files(tmp_path / "cut" / "models") == before
    assert len(list((tmp_path / "cut" / "scratch").iterdir())) == 1
    assert run(tmp_path / "cut", read=tones(), epochs=3) == expected
    assert files(tmp_path / "cut" / "models") == files(tmp_path / "whole" / "models")
    assert list((tmp_path / "cut" / "scratch").iterdir()) == []


def test_text_is_prepared_on_the_training_split_only(tmp_path):
    values, _ = texts(40)

    def read(row):
        return values[int(row.utterance)] if row.split == "train" else "zyzzyva " * 9

    encoder = TextEncoder(dim=6, hidden=8, layers=1, heads=2, limit=20)
    run(tmp_path, read=read, encoder=encoder, epochs=1)
    fitted = TextEncoder.load(tmp_path / "models" / "audio")
    assert len(fitted.tokenizer("zyzzyva")["input_ids"]) > 8  # still single bytes
    assert vectors(fitted, [values[0]]).shape == (1, 6)


@pytest.mark.parametrize("encoder", [small(), TextEncoder(vocabulary=300, hidden=8, layers=1, heads=1)])
def test_a_modality_that_the_corpus_lacks_leaves_the_encoder_untrained(tmp_path, capsys, encoder):
    def absent(row):
        raise MediaError(f"no {encoder.modality}: {ABSENT}")

    report = run(tmp_path, read=absent, encoder=encoder)
    assert report["curve"] == [] and "best_epoch" not in report and "validation_weighted_f1" not in report
    assert "left untrained" in capsys.readouterr().err
    type(encoder).load(tmp_path / "models" / "audio")
