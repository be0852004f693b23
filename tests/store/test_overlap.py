"""Nothing is scored on utterances that trained what is scored."""

from dataclasses import replace

import planted_corpus
import pytest
from planted_corpus import plant
from planted_training import run

from emotion.core.errors import Busy, EmotionError
from emotion.core.locks import hold
from emotion.corpus.utterance import read_index, write_index
from emotion.store.cache import Cache
from emotion.store.overlap import check_classifier, overlap, overlaps
from emotion.store.trained import RECORD, Training, read_record
from emotion.store.writer import CacheWriter
from emotion.study.study import study

SPLITS = ("train", "validation", "test")


def ids(index, split):
    return [row.utterance for row in index.utterances if row.split == split]


def train(planted, *, modality="text", fitted_on=None):
    """Write a cache again whose encoder was fitted on the split there is."""
    index = fitted_on or read_index(planted.index)
    known = Training.of(ids(index, "train"), ids(index, "validation"))
    rows, values, present = planted.utterances, planted.values[modality], planted.present[modality]
    attributes = {"index": read_index(planted.index).digest, "modality": modality}
    arguments = {"ids": [row.utterance for row in rows], "shape": values.shape[1:], "dtype": "float32"}
    scratch = planted.index.parent / "scratch"
    with CacheWriter(
        planted.features[modality], attributes=attributes, scratch=scratch, training=known, **arguments
    ) as writer:
        for vector, here in zip(values, present, strict=True):
            writer.append(vector[None] if here else None, "" if here else "no text")


def turn(planted, **to):
    """Change the index's split: what was of one part is now of another."""
    rows = [replace(row, split=to.get(row.split, row.split)) for row in planted.utterances]
    write_index(planted.index, rows, labels=planted_corpus.LABELS, corpus="planted", notes={})


@pytest.fixture
def planted(tmp_path):
    (tmp_path / "planted").mkdir()
    made = plant(tmp_path / "planted", lengths=(9, 8, 7, 6) * 2)
    train(made)
    rows, digest = made.utterances, read_index(made.index).digest
    audio = (made.features["audio"], rows, made.values["audio"], made.present["audio"])
    planted_corpus.write_cache(*audio, digest=digest, trained_on=None)
    return made


@pytest.mark.parametrize("was", SPLITS)
@pytest.mark.parametrize("now", SPLITS)
def test_the_table(planted, was, now):
    known = {"train": Training.of(["x"], []), "validation": Training.of([], ["x"]), "test": Training()}[was]
    row = replace(planted.utterances[0], utterance="x", split=now)
    found = overlap(known, replace(read_index(planted.index), utterances=(row,)))
    refused = {("train", "validation"), ("train", "test"), ("validation", "test")}
    assert bool(found) == ((was, now) in refused)


def test_features_of_the_same_split_are_taken_and_recorded(planted, tmp_path):
    out = run(planted, tmp_path, epochs=1)
    index = read_index(planted.index)
    known = read_record(out, remedy="")
    own = Training.of(ids(index, "train"), ids(index, "validation"))
    assert known == replace(own, unknown=("audio",))  # nobody said anything of that cache
    assert len(known.trained_on) == len(ids(index, "train"))
    check_classifier(out, index)


@pytest.mark.parametrize(
    ("to", "what"),
    [
        ({"train": "test", "test": "train"}, r"was trained on 34 utterances that are now scored \(e\.g\. d00_u00\)"),
        ({"train": "validation", "validation": "train"}, "was trained on 34 utterances that are now scored"),
        ({"validation": "test", "test": "validation"}, "chose its epoch by 14 utterances that are now in the test set"),
    ],
)
def test_a_changed_split_is_refused_everywhere(planted, tmp_path, to, what):
    out = run(planted, tmp_path, epochs=1)
    turn(planted, **to)
    with pytest.raises(EmotionError, match=rf"text\.h5: its encoder {what}.*dvc repro -s fit@text extract@text"):
        run(planted, tmp_path / "again", epochs=1)
    assert not (tmp_path / "again" / "models" / "fusion").exists()
    with pytest.raises(EmotionError, match=rf"fusion: the classifier {what}.*dvc repro -s fuse evaluate"):
        check_classifier(out, read_index(planted.index, test_labels=True))
    assert list(overlaps(planted.features, read_index(planted.index))) == ["text"]


def test_a_study_refuses_at_once(planted, tmp_path):
    (tmp_path / "data" / "features").mkdir(parents=True)
    turn(planted, train="test", test="train")
    for name, path in planted.features.items():
        path.rename(tmp_path / "data" / "features" / f"{name}.h5")
    for name in ("index.csv", "index.json"):
        (planted.index.parent / name).rename(tmp_path / "data" / name)
    recipe = {"history": 1, "future": 0, "lr": 1e-3, "weight_decay": 0.0, "batch": 4, "epochs": 1}
    with pytest.raises(EmotionError, match=r"text\.h5: its encoder was trained on 34 utterances"):
        study(tmp_path / "data", models=["cnn"], recipe=lambda _: recipe, out=tmp_path / "out", seeds=1)


def test_training_rows_that_are_new_are_fine(planted, tmp_path):
    turn(planted, validation="train", test="validation")
    run(planted, tmp_path, epochs=1)


def test_a_folder_of_an_earlier_version_and_probabilities_of_ones_own(planted, tmp_path, capsys):
    out = run(planted, tmp_path, epochs=1)
    (out / RECORD).unlink()
    with pytest.raises(EmotionError, match="an earlier version wrote this folder; run dvc repro"):
        check_classifier(out, read_index(planted.index))
    (out / "model.safetensors").unlink()
    check_classifier(out, read_index(planted.index))
    assert "nobody knows which utterances trained these probabilities" in capsys.readouterr().err


def test_a_second_fuse_is_refused_at_its_start(planted, tmp_path):
    planted.features["text"].write_bytes(b"")  # it would be told if anything had been read
    with hold(tmp_path / "models" / "fusion"), pytest.raises(Busy, match="fusion: another process is writing it"):
        run(planted, tmp_path, epochs=1)


def test_a_cache_keeps_both_lists(planted):
    index = read_index(planted.index)
    with Cache(planted.features["text"]) as cache:
        assert cache.training == Training.of(ids(index, "train"), ids(index, "validation"))
    with Cache(planted.features["audio"]) as cache:
        assert cache.training is None


def test_the_end_of_fuse_names_classes_that_cannot_be_learned_or_chosen(planted, tmp_path, capsys):
    rows = [replace(row, label="sad" if row.split != "test" else row.label) for row in planted.utterances]
    first = next(place for place, row in enumerate(rows) if row.split == "validation")
    rows[first] = replace(rows[first], label="happy")
    write_index(planted.index, rows, labels=planted_corpus.LABELS, corpus="planted", notes={})
    run(planted, tmp_path, epochs=1)
    said = capsys.readouterr().err
    assert "fuse: 2 classes without an utterance in training: 'happy' (validation 1), 'neutral'; their recall" in said
    assert "fuse: 1 training set of a single class: 'sad' (34)" in said
    assert "1 class with one or two utterances in a split: 'happy' (validation 1)" in said
    assert "test" not in said.split("fuse: 1 class with")[1].splitlines()[0].split(";")[0]
