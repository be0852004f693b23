import json
import os
import pickle
from pathlib import Path

import numpy as np
import planted_pickle
import pytest
from planted_pickle import DIALOGUES, fields, write

from emotion.cache import Cache, verify
from emotion.corpus.splits import COSMIC_VALIDATION
from emotion.corpus.utterance import read_index
from emotion.errors import EmotionError
from emotion.exchange.importing import LABELS, import_features

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
    values, raw = values_of(out / "features" / "audio.h5"), np.stack(flat(found["audio"]))
    train = np.array([row.split == "train" for row in read_index(out / "index.csv").utterances])
    mean = np.nanmean(raw[train].astype(np.float64), axis=0)
    np.testing.assert_allclose(values, np.where(np.isfinite(raw), raw, mean), rtol=1e-6)
    about = json.loads((out / "import.json").read_text())["modalities"]["audio"]
    assert (about["imputed_values"], about["imputed_utterances"]) == (6, 3)
    assert "audio: 6 values of 3 utterances were not finite" in capsys.readouterr().err


def test_test_values_do_not_reach_the_imputed_ones(tmp_path):
    found = fields()
    found["audio"][DIALOGUES[0]][2][1] = np.nan
    before = values_of(imported(tmp_path, found) / "features" / "audio.h5")[2, 1]
    found["audio"][DIALOGUES[5]] = [row + 100 for row in found["audio"][DIALOGUES[5]]]
    assert values_of(imported(tmp_path, found) / "features" / "audio.h5")[2, 1] == before


def spoil(name, dialogue, value):
    def change(found):
        found[name] = found[name] | {dialogue: value}

    return change


def drop(name):
    def change(found):
        del found[name]

    return change


FIRST, SECOND = DIALOGUES[:2]
WRONG = {
    "field": (drop("labels"), "holds 8 items, expected a tuple of 9"),
    "no dict": (lambda found: found.update(audio=[1]), "audio is a list, expected a dict"),
    "list": (lambda found: found.update(train=3), "train is a int, expected a list or set"),
    "no ids": (lambda found: found["ids"].pop(FIRST), f"dialogue {FIRST} is listed .* no utterance ids"),
    "no audio": (lambda found: found["audio"].pop(SECOND), f"audio features of dialogue {SECOND} are missing"),
    "no speaker": (lambda found: found["speakers"].pop(SECOND), f"speakers of dialogue {SECOND} are missing"),
    "short": (spoil("audio", SECOND, [[0.0] * 4]), f"dialogue {SECOND} has 1 audio features for 3 utterances"),
    "labels": (spoil("labels", SECOND, [0, 1]), f"dialogue {SECOND} has 2 labels for 3 utterances"),
    "sentences": (spoil("sentences", SECOND, ["a"]), f"dialogue {SECOND} has 1 sentences for 3 utterances"),
    "dimension": (spoil("audio", SECOND, [[0.0] * 5] * 3), f"{SECOND} have 5 dimensions, expected 4"),
    "ragged": (spoil("audio", SECOND, [[0.0] * 4, [0.0] * 3, [0.0] * 4]), f"{SECOND} have 3 dimensions, expected 4"),
    "words": (spoil("audio", SECOND, [["a"] * 4] * 3), f"audio features of dialogue {SECOND}: .* vector of numbers"),
    "matrix": (spoil("audio", SECOND, [np.zeros((2, 4))] * 3), "expected a vector of numbers"),
    "nested": (spoil("audio", SECOND, [[[1.0], [1.0, 2.0]]] * 3), "expected a vector of numbers"),
    "scalar": (spoil("audio", SECOND, np.array(3.0)), "audio features of dialogue .* expected a list"),
    "high": (spoil("labels", SECOND, [0, 6, 1]), "has label 6, expected 0 to 5 .*--label-names"),
    "low": (spoil("labels", SECOND, [0, -1, 1]), "has label -1, expected 0 to 5"),
    "half": (spoil("labels", SECOND, [0, 0.5, 1]), "is 0.5, expected the number of a class"),
    "name": (spoil("labels", SECOND, ["sad", "sad", "sad"]), "is 'sad', expected the number of a class"),
    "hot": (spoil("speakers", SECOND, [[1, 1], [0, 1], [1, 0]]), "expected a name or a one-hot vector"),
    "both": (lambda found: found["test"].add(FIRST), f"dialogue {FIRST} is for training and for testing"),
    "twice": (spoil("ids", SECOND, ["a", "a", "b"]), f"dialogue {SECOND} lists an utterance twice"),
    "untrained": (lambda found: found.update(train=[]), "no dialogue is for training"),
    "nothing": (lambda found: found.update(text={}, audio={}, visual={}), "all empty, expected features"),
}


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_wrong_files_are_named_in_one_line_and_leave_nothing(tmp_path, change, message):
    found = fields()
    change(found)
    with pytest.raises(EmotionError, match=message) as caught:
        imported(tmp_path, found)
    assert "f.pkl" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [{"ids": {}}, 3, None, "text", [], np.zeros(9)], ids=repr)
def test_other_contents_are_refused(tmp_path, content):
    (tmp_path / "f.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(EmotionError, match=r"f\.pkl: holds .*, expected a tuple of 9"):
        import_features(tmp_path / "f.pkl", out=tmp_path / "out")


def test_a_payload_inside_a_good_file_is_not_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path}/victim",)

    found = fields()
    found["audio"][FIRST][0] = Bomb()
    with pytest.raises(EmotionError, match=r"asks for (posix|nt)\.system, which is not allowed, and nothing was run"):
        imported(tmp_path, found)
    assert not (tmp_path / "victim").exists()


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
    with pytest.raises(EmotionError, match="holds features of another corpus"):
        imported(tmp_path, fields())


def test_a_second_import_leaves_no_stale_modality(tmp_path):
    imported(tmp_path, fields())
    out = imported(tmp_path, fields() | {"visual": {}})
    assert sorted(path.name for path in (out / "features").iterdir()) == ["audio.h5", "text.h5"]


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
    assert [row.speaker for row in rows[:2]] == [f"{FIRST}_0", f"{FIRST}_1"]
    assert planted_pickle.DIMS["audio"] == 4
