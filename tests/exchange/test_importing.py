import json
from pathlib import Path

import h5py
import numpy as np
import planted_pickle
import pytest
from planted_pickle import DIALOGUES, fields, write

from emotion.core.errors import EmotionError
from emotion.corpus.splits import COSMIC_VALIDATION
from emotion.corpus.utterance import read_index
from emotion.exchange.importing import LABELS, import_features
from emotion.store.cache import Cache, verify
from emotion.store.writer import CacheWriter

pytestmark = pytest.mark.usefixtures("in_process")

REAL = Path(__file__).parents[3] / "shared" / "data" / "iemocap_trainval.pkl"


def imported(tmp_path, found, **options):
    out = tmp_path / "out"
    import_features(write(tmp_path / "f.pkl", found), out=out, **{"split": "cosmic"} | options)
    return out


def flat(field):
    return [item for name in DIALOGUES for item in field[name]]


def values_of(path):
    with Cache(path) as cache:
        assert cache.present.all()
        return cache.values()


@pytest.mark.slow
@pytest.mark.parametrize("protocol", [2, 5])
def test_rows_and_values(tmp_path, protocol):
    found = fields()
    write(tmp_path / "f.pkl", found, protocol)
    out = tmp_path / "out"
    import_features(tmp_path / "f.pkl", out=out, split="cosmic")
    index = read_index(out / "index.csv", test_labels=True)
    assert index.labels == LABELS
    rows = index.utterances
    assert [row.utterance for row in rows] == flat(found["ids"])
    assert [LABELS.index(row.label) for row in rows] == flat(found["labels"])
    assert [row.text for row in rows] == flat(found["sentences"])
    assert [row.speaker for row in rows[:2]] == ["Ses01_F", "Ses01_M"]
    assert [row.turn for row in rows[:6]] == [0, 1, 2, 3, 4, 0]
    assert [(row.scenario, row.gender) for row in rows[:2]] == [("impro01", "F"), ("impro01", "M")]
    for row in rows:
        validation = row.dialogue in COSMIC_VALIDATION
        expected = "test" if row.dialogue == DIALOGUES[5] else "validation" if validation else "train"
        assert row.split == expected
    for modality, field in (("text", "text"), ("audio", "audio"), ("face", "visual")):
        path = out / "features" / f"{modality}.h5"
        verify(path)
        assert np.array_equal(values_of(path), np.stack(flat(found[field])))
    assert all(row.label == "" for row in read_index(out / "index.csv").utterances if row.split == "test")


def test_file_split_is_a_seeded_tenth_of_the_training_dialogues(tmp_path):
    names = [f"talk{number:02}" for number in range(32)]
    found = {
        "ids": {name: [0, 1] for name in names},  # ids that dialogues share
        "speakers": {name: [[0, 1, 0], [0, 0, 1]] for name in names},
        "labels": {name: [0, np.int64(1)] for name in names},
        "text": {name: np.full((2, 3), 1.5) for name in names},
        "audio": {},
        "visual": {},
        "sentences": {},
        "train": names[:30],
        "test": names[30:],
    }
    first = imported(tmp_path, found, split="file", label_names=("no", "yes"))
    rows = read_index(first / "index.csv", test_labels=True).utterances
    parts = {row.dialogue: row.split for row in rows}
    assert [list(parts.values()).count(part) for part in ("train", "validation", "test")] == [27, 3, 2]
    assert [parts[name] for name in names[30:]] == ["test", "test"]
    assert [row.utterance for row in rows[:3]] == ["talk00_0", "talk00_1", "talk01_0"]
    assert [row.speaker for row in rows[:3]] == ["talk00_1", "talk00_2", "talk01_1"]
    assert [row.label for row in rows[:2]] == ["no", "yes"]
    assert {(row.scenario, row.gender) for row in rows} == {("", "")}
    assert [path.name for path in (first / "features").iterdir()] == ["text.h5"]
    found["train"] = set(found["train"])
    other = tmp_path / "other"
    import_features(write(tmp_path / "g.pkl", found), out=other, split="file", label_names=("no", "yes"))
    assert (other / "index.csv").read_bytes() == (first / "index.csv").read_bytes()


def test_no_test_dialogues_and_no_sentences(tmp_path):
    found = fields() | {"test": [], "sentences": {}}
    out = imported(tmp_path, found)
    rows = read_index(out / "index.csv").utterances
    assert {row.split for row in rows} == {"train", "validation"}
    assert {row.text for row in rows} == {""}
    report = json.loads((out / "import.json").read_text())
    assert report["unused_dialogues"] == 1
    assert report["dialogues"] == {"train": 3, "validation": 2, "test": 0}
    assert report["without_sentences"] == len(rows)


@pytest.mark.parametrize("block", ["mean", "1", "3", "concat"])
def test_four_text_blocks(tmp_path, block):
    found = fields(blocks=4)
    values = values_of(imported(tmp_path, found, text_block=block) / "features" / "text.h5")
    blocks = [np.stack(flat(found[f"text {number}"])).astype(np.float64) for number in (1, 2, 3, 4)]
    expected = {"mean": np.mean(blocks, axis=0), "concat": np.concatenate(blocks, axis=1)}
    np.testing.assert_allclose(values, expected[block] if block in expected else blocks[int(block) - 1], rtol=1e-6)


def test_values_that_are_not_finite_become_the_training_mean(tmp_path, capsys):
    found = fields()
    found["audio"][DIALOGUES[0]][2][1] = np.nan
    found["audio"][DIALOGUES[5]][0][:] = np.nan
    found["audio"][DIALOGUES[5]][1][3] = np.inf
    out = imported(tmp_path, found)
    raw = np.stack(flat(found["audio"]))
    with Cache(out / "features" / "audio.h5") as cache:
        values = cache.values()
        assert cache.present.tolist() == (~np.isnan(raw).all(1)).tolist()
    train = np.array([row.split == "train" for row in read_index(out / "index.csv").utterances])
    mean = np.nanmean(raw[train].astype(np.float64), axis=0)
    missing = np.isnan(raw).all(1)
    np.testing.assert_allclose(values, np.where(np.isfinite(raw), raw, mean)[~missing], rtol=1e-6)
    about = json.loads((out / "import.json").read_text())["modalities"]["audio"]
    assert (about["imputed_values"], about["imputed_utterances"]) == (2, 2)
    assert about["missing"] == {"no finite value": 1}
    assert "audio: 2 values of 2 utterances were not finite" in capsys.readouterr().err


@pytest.mark.slow
def test_test_values_do_not_reach_the_imputed_ones(tmp_path):
    found = fields()
    found["audio"][DIALOGUES[0]][2][1] = np.nan
    before = values_of(imported(tmp_path, found) / "features" / "audio.h5")[2, 1]
    found["audio"][DIALOGUES[5]] = [row + 100 for row in found["audio"][DIALOGUES[5]]]
    assert values_of(imported(tmp_path, found) / "features" / "audio.h5")[2, 1] == before


def test_splits_that_do_not_fit(tmp_path):
    renamed = fields()
    for name, field in renamed.items():
        renamed[name] = (
            {f"x{key}": value for key, value in field.items()}
            if isinstance(field, dict)
            else {f"x{key}" for key in field}
        )
    with pytest.raises(EmotionError, match="split cosmic leaves 5 dialogues for training and 0 for validation"):
        imported(tmp_path, renamed)
    with pytest.raises(EmotionError, match="split is 'mine', expected one of paper, cosmic, file"):
        imported(tmp_path, fields(), split="mine")
    with pytest.raises(EmotionError, match="text block is '5'"):
        imported(tmp_path, fields(blocks=4), text_block="5")
    with pytest.raises(EmotionError, match="label names"):
        imported(tmp_path, fields(), label_names=("a", "a"))


def test_a_folder_with_another_corpus_is_left_alone(tmp_path):
    out = imported(tmp_path, fields())
    about = json.loads((out / "index.json").read_text()) | {"corpus": "iemocap"}
    (out / "index.json").write_text(json.dumps(about))
    with pytest.raises(EmotionError, match="holds the index of corpus iemocap"):
        imported(tmp_path, fields())
    (out / "index.json").unlink()
    with h5py.File(out / "features" / "text.h5", "r+") as file:
        file.attrs["encoder"] = "paper"
    with pytest.raises(EmotionError, match="holds features of another corpus"):
        imported(tmp_path, fields())
    (out / "features" / "text.h5").write_bytes(b"no cache")
    with pytest.raises(EmotionError, match="holds features of another corpus"):
        imported(tmp_path, fields())


@pytest.mark.slow
def test_a_killed_import_leaves_the_old_one_and_the_same_command_finishes_it(tmp_path, monkeypatch):
    before = {path: path.read_bytes() for path in imported(tmp_path, fields()).rglob("*.*")}
    other, finish, done = fields(seed=1), CacheWriter.__exit__, []

    def killed(self, *error):
        if done:
            finish(self, KeyboardInterrupt, KeyboardInterrupt(), None)
            raise KeyboardInterrupt
        done.append(finish(self, *error))

    monkeypatch.setattr(CacheWriter, "__exit__", killed)
    with pytest.raises(KeyboardInterrupt):
        imported(tmp_path, other)
    out = tmp_path / "out"
    assert {path: path.read_bytes() for path in out.rglob("*.*")} == before
    monkeypatch.undo()
    imported(tmp_path, other)
    import_features(tmp_path / "f.pkl", out=tmp_path / "fresh", split="cosmic")
    for path in (tmp_path / "fresh").rglob("*.*"):
        assert path.read_bytes() == (out / path.relative_to(tmp_path / "fresh")).read_bytes()


def test_a_single_dialogue_cannot_be_split(tmp_path):
    with pytest.raises(
        EmotionError, match=rf"f\.pkl: dialogue {DIALOGUES[0]} is the only one for training, expected at least 2"
    ):
        imported(tmp_path, fields() | {"train": [DIALOGUES[0]]}, split="file")


@pytest.mark.slow
def test_a_second_import_leaves_no_stale_modality(tmp_path):
    imported(tmp_path, fields())
    out = imported(tmp_path, fields() | {"visual": {}})
    assert sorted(path.name for path in (out / "features").iterdir()) == ["audio.h5", "text.h5"]


@pytest.mark.slow
def test_same_file_same_bytes(tmp_path):
    first = imported(tmp_path, fields())
    before = {path: path.read_bytes() for path in first.rglob("*") if path.is_file()}
    imported(tmp_path, fields())
    assert before == {path: path.read_bytes() for path in first.rglob("*") if path.is_file()}
    assert len(before) == 6


@pytest.mark.skipif(not REAL.is_file(), reason="the licensed features are not here")
@pytest.mark.slow
def test_the_real_features(tmp_path):
    import_features(REAL, out=tmp_path, split="cosmic")
    report = json.loads((tmp_path / "import.json").read_text())
    assert report["utterances"] == {"train": 5163, "validation": 647, "test": 0}
    assert report["modalities"]["audio"]["imputed_utterances"] == 41


def test_one_hot_speakers_are_people_of_the_dialogue(tmp_path):
    rows = read_index(imported(tmp_path, fields(one_hot=True)) / "index.csv").utterances
    assert [row.speaker for row in rows[:2]] == [f"{DIALOGUES[0]}_0", f"{DIALOGUES[0]}_1"]
    assert planted_pickle.DIMS["audio"] == 4


@pytest.mark.slow
def test_speakers_of_the_test_set_in_training_are_named(tmp_path, capsys):
    found = fields()
    imported(tmp_path, found)
    assert "of the test set" not in capsys.readouterr().err
    found["train"], found["test"] = set(DIALOGUES[2:]), set(DIALOGUES[:1])
    found["train"].add(DIALOGUES[1])  # of the same two actors
    imported(tmp_path, found)
    assert "2 speakers of the test set also in training or validation: 'Ses01_F', 'Ses01_M'" in capsys.readouterr().err


def test_speakers_that_nobody_knows_beyond_a_dialogue_are_said(tmp_path, capsys):
    found = {
        name: field if isinstance(field, set) else {f"x{key}": v for key, v in field.items()}
        for name, field in fields().items()
    }
    found["train"], found["test"] = {f"x{name}" for name in DIALOGUES[:5]}, {f"x{DIALOGUES[5]}"}
    imported(tmp_path, found, split="file")
    assert "1 dialogue of the test set whose speakers have names within the dialogue only" in capsys.readouterr().err
