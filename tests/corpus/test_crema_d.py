"""CREMA-D on generated files: names, votes, actors, sentences; pointers of Git LFS and other bad media by name."""

import csv
import re

import crema_d_tree
import pytest

from emotion.core.errors import EmotionError
from emotion.corpus.check import check_corpus
from emotion.corpus.crema_d import KNOWN_BAD, LABELS, SENTENCES, read_crema_d
from emotion.corpus.index import index_corpus
from emotion.corpus.utterance import read_index
from emotion.evaluation.annotators import read_votes
from emotion.media.probe import decode

PULL = 'git lfs pull --include="AudioWAV,VideoFlash"'


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("crema_d") / "raw"
    return root, *crema_d_tree.write(root)


@pytest.fixture
def own(tmp_path):
    """A tree to change at will."""
    return tmp_path / "raw", *crema_d_tree.write(tmp_path / "raw", actors=2)


def noted(reading):
    return {finding.kind.name: list(finding.places) for finding in reading.notes.items()}


def test_a_clip_is_an_utterance_with_all_that_its_name_says(tree):
    root, clips, _ = tree
    reading = read_crema_d(root, label_rule="released")
    assert [row.utterance for row in reading.utterances] == sorted(clips) and reading.labels == LABELS
    row = next(row for row in reading.utterances if row.utterance == "1002_IEO_HAP_HI")
    assert (row.dialogue, row.turn, row.speaker, row.gender) == ("1002_IEO_HAP_HI", 0, "1002", "F")
    assert (row.label, row.scenario, row.text, row.side) == ("happy", "IEO", "It's eleven o'clock.", "full")
    assert (row.audio, row.video) == ("AudioWAV/1002_IEO_HAP_HI.wav", "VideoFlash/1002_IEO_HAP_HI.flv")
    assert (row.start, row.end) == (0.0, 1.28)
    assert {row.gender for row in reading.utterances if row.speaker != "1002"} == {"M"} and not noted(reading)
    assert decode(root / row.audio, ("audio",)) and decode(root / row.video, ("video",))
    assert len(SENTENCES) == 12


def test_strict_labels_are_the_majority_of_those_who_saw_and_heard(tree):
    root, clips, votes = tree
    truth = {}
    for clip in clips:
        found = votes["3", clip]
        most = [letter for letter in found if found[letter] == max(found.values())]
        truth[clip] = crema_d_tree.LABELS[most[0]] if len(most) == 1 else None
    reading = read_crema_d(root, label_rule="strict")
    assert {row.utterance: row.label for row in reading.utterances} == {k: v for k, v in truth.items() if v}
    tied = [clip for clip in sorted(clips) if truth[clip] is None]
    assert tied and noted(reading) == {"clips whose raters are of several minds": tied}


def test_votes_are_kept_one_per_rater(tree, tmp_path):
    root, _, votes = tree
    how = {"corpus": "crema_d", "root": root, "out": tmp_path / "index.csv", "label_rule": "released"}
    index_corpus(**how, split="corpus", annotators=tmp_path / "annotators.csv")
    with (tmp_path / "annotators.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for (kind, clip), counts in votes.items():
        ours = [row for row in rows if row["utterance"] == clip and re.sub(r"\d", "", row["rater"]) == _name(kind)]
        assert len({row["rater"] for row in ours}) == len(ours) == sum(counts.values())
        labels = [row["labels"] for row in ours]
        assert {letter: labels.count(label) for letter, label in crema_d_tree.LABELS.items()} == counts
    read = read_votes(tmp_path / "annotators.csv", LABELS)  # of those who saw and heard
    for clip, table in read.tables.items():
        assert table.sum(0).tolist() == list(votes["3", clip].values())


def _name(kind):
    return crema_d_tree.KINDS[kind]


def test_the_drawn_split_parts_the_actors(tmp_path):
    crema_d_tree.write(tmp_path / "raw", actors=6)
    how = {"corpus": "crema_d", "root": tmp_path / "raw", "label_rule": "released"}
    index_corpus(**how, out=tmp_path / "index.csv", split="corpus")
    heard = {}
    for row in read_index(tmp_path / "index.csv").utterances:
        heard.setdefault(row.speaker, set()).add(row.split)
    assert all(len(splits) == 1 for splits in heard.values()) and set.union(*heard.values()) == {
        *("train", "validation", "test")
    }
    with pytest.raises(EmotionError, match="corpus crema_d has its own only"):
        index_corpus(**how, out=tmp_path / "index.csv", split="paper")


def test_without_git_lfs_its_command_is_printed(tmp_path):
    crema_d_tree.write(tmp_path / "raw", media=False)
    with pytest.raises(EmotionError) as caught:
        read_crema_d(tmp_path / "raw", label_rule="released")
    assert str(caught.value).endswith(PULL) and "\n" not in str(caught.value)
    (report,) = check_corpus(
        corpus="crema_d",
        root=tmp_path / "raw",
        label_rule="released",
        split="corpus",
        allow_speaker_overlap=False,
        decode=None,
        workers=1,
    ).findings
    assert report.kind.level == "error" and PULL in report.kind.remedy


def test_bad_media_are_named_and_left_out(own):
    root, clips, _ = own
    one, two, three = clips[:3]
    crema_d_tree.replace(root / "VideoFlash" / f"{one}.flv", crema_d_tree.POINTER.encode())
    crema_d_tree.replace(root / "AudioWAV" / f"{two}.wav", b"RIFF and no more")
    (root / "VideoFlash" / f"{three}.flv").unlink()
    known = KNOWN_BAD["VideoFlash"][0]
    (root / "VideoFlash" / f"{known}.flv").hardlink_to(root / "VideoFlash" / f"{two}.flv")
    (root / "AudioWAV" / f"{known}.wav").hardlink_to(root / "AudioWAV" / f"{one}.wav")
    (root / "AudioWAV" / "1001_DFA_ANG_XX copy.wav").touch()
    (root / "AudioWAV" / "._1001_DFA_ANG_XX.wav").touch()
    reading = read_crema_d(root, label_rule="released")
    rows = {row.utterance: row for row in reading.utterances}
    assert (rows[one].video, rows[two].audio, rows[three].video, rows[known].video) == ("", "", "", "")
    assert rows[two].end == pytest.approx(0.8, abs=0.11) and rows[known].audio and len(rows) == len(clips) + 1
    found = noted(reading)
    assert found.pop("media files corrupt")[0].startswith(f"AudioWAV/{two}.wav: ")
    assert found == {
        "media files that are only pointers of Git LFS": [f"VideoFlash/{one}.flv"],
        "media files missing": [f"VideoFlash/{three}.flv"],
        "media files known to be bad in the release": [f"VideoFlash/{known}.flv"],
        "files whose name is none of the release": ["AudioWAV/1001_DFA_ANG_XX copy.wav"],
        "actors without a row": ["1064"],
    }


def test_sound_alone_is_enough_and_tables_may_be_absent(own):
    root, clips, _ = own
    (root / "processedResults" / "tabulatedVotes.csv").unlink()
    (root / "VideoDemographics.csv").unlink()
    reading = read_crema_d(root, label_rule="released")
    assert len(reading.utterances) == len(clips) and not reading.votes
    assert {row.gender for row in reading.utterances} == {""}
    assert {"table of the raters' votes missing", "table of the actors missing"} == noted(reading).keys()
    with pytest.raises(EmotionError, match="label rule strict needs the raters' votes; copy processedResults/"):
        read_crema_d(root, label_rule="strict")


@pytest.mark.parametrize(
    ("table", "old", "new", "said"),
    [
        ("processedResults/tabulatedVotes.csv", '"100001",', '"400001",', "line 2: row '400001', '1001_DFA_ANG_XX'"),
        ("processedResults/tabulatedVotes.csv", '"100002",', '"100002",-', "line 3: A is '-"),
        ("processedResults/tabulatedVotes.csv", "1001_DFA_DIS_XX", "1001_DFA_ANG_XX", "are there already"),
        ("processedResults/tabulatedVotes.csv", '"fileName"', '"file"', "no column fileName"),
        ("VideoDemographics.csv", '"Male"', '"M?"', "line 2: '1001', 'M\\?', expected"),
    ],
)
def test_a_damaged_table_is_one_line(own, table, old, new, said):
    path = own[0] / table
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(EmotionError, match=said) as caught:
        read_crema_d(own[0], label_rule="released")
    assert "\n" not in str(caught.value)
