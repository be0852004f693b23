"""The layouts that public code reads, by the places of their items."""

import numpy as np
import pytest
from planted_pickle import DIALOGUES, fields, write

from emotion.core.errors import EmotionError
from emotion.corpus.splits import COSMIC_VALIDATION
from emotion.corpus.utterance import read_index
from emotion.exchange.importing import import_features
from emotion.store.cache import Cache

USUAL = ("ids", "speakers", "labels", "text", "audio", "visual", "sentences", "train", "test")
TEXTS = ("text 1", "text 2", "text 3", "text 4")
COSMIC = ("speakers", "labels", *TEXTS, "sentences", "train", "test", "validation")
SENTIMENTS = {name: [0] for name in DIALOGUES}


def planted(blocks):
    listed = {"train": list(DIALOGUES[:3]), "validation": list(DIALOGUES[3:5]), "test": list(DIALOGUES[5:])}
    return fields(blocks=blocks) | listed | {"sentiments": SENTIMENTS, "more": [3, 4]}


def imported(tmp_path, found, names, **options):
    path = write(tmp_path / "f.pkl", {place: found[name] for place, name in enumerate(names)})
    import_features(path, out=tmp_path / "out", **{"split": "file"} | options)
    rows = read_index(tmp_path / "out" / "index.csv", test_labels=True).utterances
    caches = {}
    for file in (tmp_path / "out" / "features").iterdir():
        with Cache(file) as cache:
            caches[file.stem] = cache.values()
    return rows, caches


@pytest.mark.slow
@pytest.mark.parametrize(
    "names",
    [
        USUAL,
        ("ids", "speakers", "labels", "text", "audio", "sentences", "train", "test", "sentiments"),
        (*USUAL, "sentiments"),
        (*USUAL, "more"),
    ],
    ids=["usual", "dialoguernn-meld", "mmgcn-meld", "mmgcn-meld-list"],
)
def test_layouts_with_ids(tmp_path, names):
    found = planted(1) | {"train": DIALOGUES[:5]}
    rows, caches = imported(tmp_path, found, names)
    assert [row.utterance for row in rows] == [name for dialogue in found["ids"].values() for name in dialogue]
    assert [row.text for row in rows] == [text for dialogue in found["sentences"].values() for text in dialogue]
    assert [row.split for row in rows].count("test") == len(found["ids"][DIALOGUES[5]])
    expected = {"text": "text", "audio": "audio", "face": "visual"}
    assert sorted(caches) == sorted(name for name, field in expected.items() if field in names)
    for name, values in caches.items():
        assert np.array_equal(values, np.concatenate(list(found[expected[name]].values())))


@pytest.mark.slow
@pytest.mark.parametrize("names", [COSMIC, (*COSMIC[:2], "sentiments", *COSMIC[2:])], ids=["cosmic", "cosmic-meld"])
def test_layouts_of_cosmic(tmp_path, names):
    found = planted(4)
    rows, caches = imported(tmp_path, found, names, text_block="2")
    assert [row.utterance for row in rows[:2]] == [f"{DIALOGUES[0]}_0", f"{DIALOGUES[0]}_1"]
    labels = [number for dialogue in found["labels"].values() for number in dialogue]
    assert [read_index(tmp_path / "out" / "index.csv").labels.index(row.label) for row in rows] == labels
    assert list(caches) == ["text"]
    assert np.array_equal(caches["text"], np.concatenate(list(found["text 2"].values())))
    parts = {row.dialogue: row.split for row in rows}
    assert list(parts.values()) == ["train"] * 3 + ["validation"] * 2 + ["test"]


@pytest.mark.slow
def test_a_named_split_goes_before_the_files_own(tmp_path):
    rows, _ = imported(tmp_path, planted(4), COSMIC, split="cosmic")
    for row in rows:
        validation = row.dialogue in COSMIC_VALIDATION
        assert row.split == ("test" if row.dialogue == DIALOGUES[5] else "validation" if validation else "train")


@pytest.mark.slow
def test_wrong_lists_of_cosmic(tmp_path):
    found = planted(4)
    found["validation"].append(DIALOGUES[0])
    with pytest.raises(EmotionError, match=rf"f\.pkl: dialogue {DIALOGUES[0]} is for training and for validation"):
        imported(tmp_path, found, COSMIC)
    with pytest.raises(EmotionError, match=r"f\.pkl: labels of dialogue .* are a int, expected a list"):
        imported(tmp_path, planted(4) | {"labels": dict.fromkeys(DIALOGUES, 3)}, COSMIC)
