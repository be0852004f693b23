"""From a corpus to its index: what is said, what is written, what is refused."""

import json

import pytest

from emotion.core.errors import EmotionError
from emotion.corpus.index import index_corpus
from emotion.corpus.utterance import read_index

NAMES = ("Ses01M_impro03", "Ses01F_impro09", "Ses05F_impro01")


@pytest.fixture
def root(tmp_path):
    for name in NAMES:
        folder = tmp_path / "raw" / f"Session{name[4]}" / "dialog"
        turns = [(f"{name}_F000", "hap"), (f"{name}_M000", "xxx")]
        for kind, line in (
            ("transcriptions", "{} [000.5-001.5]: Hello.\n"),
            ("EmoEvaluation", "[0.5 - 1.5]\t{}\t{}\t[2.5, 2.5, 2.5]\n\n"),
        ):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            (folder / kind / f"{name}.txt").write_text("".join(line.format(*turn) for turn in turns))
    return tmp_path / "raw"


def run(root, **changes):
    arguments = {"corpus": "iemocap", "root": root, "out": root.parent / "data" / "index.csv"}
    index_corpus(**{**arguments, "label_rule": "released", "split": "paper", **changes})


def test_index_and_its_last_line(root, capsys):
    run(root)
    index = read_index(root.parent / "data" / "index.csv", test_labels=True)
    assert [(row.dialogue, row.split) for row in index.utterances] == [
        ("Ses01F_impro09", "train"),
        ("Ses01M_impro03", "validation"),
        ("Ses05F_impro01", "test"),
    ]
    assert index.corpus == "iemocap" and index.labels == ("happy", "sad", "neutral", "angry", "excited", "frustrated")
    first, *named, last = capsys.readouterr().err.splitlines()
    assert "3 utterances of 3 dialogues (train 1, validation 1, test 1)" in first
    assert "noted: 3 dialogues without video, 3 dialogues without wav, 3 label xxx" in first
    assert [line.split(":")[0] for line in named[:2]] == ["  3 dialogues without video", "  3 dialogues without wav"]
    assert all(name in line for line in named[:2] for name in NAMES)
    assert named[2].startswith("  5 classes without an utterance in training: 'sad', 'neutral', 'angry', 'excited'")
    assert named[3].startswith("  1 training set of a single class: 'happy' (1)")
    assert named[4].startswith("  1 class with one or two utterances in a split: 'happy' (train 1, validation 1, ")
    assert named[5].startswith("  1 validation set of a single speaker: 'Ses01_F'")
    assert named[6].startswith("test shares with training and validation: 0 of 1 speakers, 0 of 1 scenarios")
    assert named[7].startswith("validation shares with training: 1 of 1 speakers") and len(named) == 8
    assert last == ("made of: audio 0, video 0, text 3 of 3 utterances; no utterance has audio; no utterance has video")
    skipped = json.loads((root.parent / "data" / "index.json").read_text())["skipped"]
    assert skipped == {"dialogues without video": 3, "dialogues without wav": 3, "label xxx": 3}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"corpus": "youtube"}, "corpus is 'youtube', expected one of synthetic, iemocap, meld, crema_d, table"),
        ({"corpus": "meld"}, "no train_sent_emo.csv"),
        ({"corpus": "table"}, r"expected one table \(utterances.csv, .tsv, .xlsx or .parquet\), found none"),
        ({"split": "halves"}, "split is 'halves'"),
        ({"split": "session3"}, "no dialogue for test"),
        ({"label_rule": "mine"}, "label rule is 'mine'"),
    ],
)
def test_refusals_write_nothing(root, changes, message):
    with pytest.raises(EmotionError, match=message):
        run(root, **changes)
    assert not (root.parent / "data").exists()


def test_missing_and_empty_corpora_say_how_to_get_one(tmp_path):
    with pytest.raises(EmotionError, match=r"does not exist; write it with: dvc repro data/dvc\.yaml"):
        run(tmp_path / "raw", corpus="synthetic")
    (tmp_path / "raw").mkdir()
    with pytest.raises(EmotionError, match="is empty; copy or link"):
        run(tmp_path / "raw")
    (tmp_path / "raw" / "Session1").mkdir()
    with pytest.raises(EmotionError, match="no dialogues found"):
        run(tmp_path / "raw")


def test_no_six_class_label_at_all(root):
    for path in root.glob("Session*/dialog/EmoEvaluation/*.txt"):
        path.write_text(path.read_text().replace("\thap\t", "\tfea\t"))
    with pytest.raises(
        EmotionError, match=r"no utterance with one of the six labels; noted: .*3 label fea, 3 label xxx"
    ):
        run(root)
