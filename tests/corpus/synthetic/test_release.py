"""The generated release: read back by the reader of IEMOCAP, heard and seen where it says."""

import hashlib
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
import soundfile

from emotion.core.errors import EmotionError
from emotion.corpus.iemocap import CODES, read_iemocap
from emotion.corpus.synthetic import release
from emotion.corpus.synthetic.script import write_script

SCRIPT = write_script(2)


def cut(name, count):
    """The first rated turns of a dialogue, the last of them made xxx, and an unrated one."""
    whole = next(dialogue for dialogue in SCRIPT if dialogue.name == name)
    turns = [turn for turn in whole.turns if turn.label][:count]
    turns[-1] = replace(turns[-1], label="xxx", emotion="sad")
    unrated = replace(turns[0], utterance=f"{name}_{turns[0].actor.gender}XX0", label="", seed=1)
    return replace(whole, turns=(*turns, unrated))


DIALOGUE = cut("Ses03M_impro03", 5)  # the man sits on the left


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("corpus")
    return root, release.write_dialogue(root, DIALOGUE)


@pytest.mark.slow
def test_the_reader_finds_what_the_script_says(written):
    root, duration = written
    reading = read_iemocap(root, label_rule="released")
    rows, skipped = reading.utterances, reading.notes.counts()
    expected = [turn for turn in DIALOGUE.turns if turn.label not in ("", "xxx")]
    assert len(expected) >= 3 and skipped == {"label xxx": 1, "unrated turns": 1}
    for row, turn in zip(rows, expected, strict=True):
        assert (row.utterance, row.text, row.speaker) == (turn.utterance, turn.text, f"Ses03_{turn.actor.gender}")
        assert (row.label, row.side) == (turn.emotion, "left" if turn.actor.gender == "M" else "right")
        assert CODES[turn.label] == turn.emotion
        assert release.EDGE <= row.start < row.end <= duration - release.EDGE + 1e-4
        assert (root / row.audio).is_file() and (root / row.video).is_file()


def test_each_voice_is_in_its_channel_at_its_time(written):
    root, duration = written
    rows = read_iemocap(root, label_rule="released").utterances
    sound, rate = soundfile.read(root / rows[0].audio)
    info = soundfile.info(root / rows[0].audio)
    assert (rate, info.channels, info.subtype) == (16000, 2, "PCM_16") and len(sound) == round(duration * rate)
    silence = sound[: int(release.EDGE * rate)].std()
    assert 0 < silence < 0.002
    for row in rows:
        near = 0 if row.side == "left" else 1
        sentence = root / "Session3" / "sentences" / "wav" / row.dialogue / f"{row.utterance}.wav"
        wave, _ = soundfile.read(sentence)
        first = round(row.start * rate)
        there = sound[first : first + len(wave)]
        assert row.end - row.start == pytest.approx(len(wave) / rate, abs=1e-4)
        assert np.corrcoef(there[:, near], wave)[0, 1] > 0.95
        assert np.dot(there[:, near], wave) > 5 * abs(np.dot(there[:, 1 - near], wave))


def test_sentences_of_the_rated_turns_only(written):
    names = {path.stem for path in (written[0] / "Session3" / "sentences" / "wav").rglob("*.wav")}
    assert names == {turn.utterance for turn in DIALOGUE.turns if turn.label}


def test_the_video_is_as_long_as_the_sound(written):
    root, duration = written
    video = cv2.VideoCapture(str(root / "Session3" / "dialog" / "avi" / "DivX" / f"{DIALOGUE.name}.avi"))
    frames = 0
    while True:
        good, frame = video.read()
        if not good:
            break
        assert frame.shape == (480, 720, 3)
        frames += 1
    assert frames == round(duration * release.FPS) and video.get(cv2.CAP_PROP_FPS) == release.FPS


def test_text_files_look_like_the_release(written):
    folder = written[0] / "Session3" / "dialog"
    first = DIALOGUE.turns[0]
    evaluation = (folder / "EmoEvaluation" / f"{DIALOGUE.name}.txt").read_text().splitlines()
    assert evaluation[0].startswith("% [START_TIME - END_TIME]") and evaluation[1] == ""
    assert evaluation[2].startswith("[0.8000 - ") and f"]\t{first.utterance}\t{first.label}\t[" in evaluation[2]
    own = f"{first.actor.gender}1"
    raters = [line.split(":\t")[0] for line in evaluation[3:10]]
    assert raters == ["C-E2", "C-E3", "C-E4", f"C-{own}", "A-E3", "A-E4", f"A-{own}"]
    assert evaluation[3].endswith(";\t()") and evaluation[7].startswith("A-E3:\tval ") and evaluation[10] == ""
    transcript = (folder / "transcriptions" / f"{DIALOGUE.name}.txt").read_text().splitlines()
    assert len(transcript) == len(DIALOGUE.turns) and transcript[0].startswith(f"{first.utterance} [000.8000-")


def test_turns_follow_each_other_and_nobody_interrupts_themselves(monkeypatch):
    monkeypatch.setattr(
        release, "speak", lambda text, *, seed, rate, **_: np.zeros(rate + seed % rate, dtype=np.float32)
    )
    overlaps = turns = 0
    for dialogue in SCRIPT:
        spoken = release.place(dialogue, np.random.default_rng(dialogue.seed))
        assert [item.turn for item in spoken] == list(dialogue.turns)
        assert [item.first for item in spoken] == sorted({item.first for item in spoken})
        for actor in (dialogue.left, dialogue.right):
            mine = [item for item in spoken if item.turn.actor == actor]
            assert all(before.end + 0.1 < after.start for before, after in pairwise(mine))
        gaps = [after.start - before.end for before, after in pairwise(spoken)]
        assert min(gaps) > -0.31 and max(gaps) < 0.46
        overlaps += sum(gap < 0 for gap in gaps)
        turns += len(gaps)
    assert 0.03 < overlaps / turns < 0.15


def hashes(root):
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
def test_same_bytes_whatever_the_number_of_workers(tmp_path, monkeypatch, capsys):
    short = tuple(cut(name, 1) for name in ("Ses01F_impro01", "Ses05M_script01_1"))
    monkeypatch.setattr(release, "write_script", lambda seed: short)
    release.write_corpus(tmp_path / "raw" / "one", seed=2, workers=1)
    release.write_corpus(tmp_path / "raw" / "two", seed=2, workers=2)
    one, two = hashes(tmp_path / "raw" / "one"), hashes(tmp_path / "raw" / "two")
    assert one == two and len(one) == 2 * 5
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == ["one", "two"]
    last = capsys.readouterr().err.splitlines()[-1]
    assert "2 dialogues with 4 turns" in last and last.endswith(str(tmp_path / "raw" / "two"))


def test_a_failure_leaves_the_earlier_corpus(tmp_path, monkeypatch):
    root = tmp_path / "raw"
    root.mkdir()
    (root / "old").write_text("old")

    def full_disk(folder, dialogue):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "half").write_text("half")
        raise EmotionError("the disk is full")

    monkeypatch.setattr(release, "write_dialogue", full_disk)
    with pytest.raises(EmotionError, match="disk is full"):
        release.write_corpus(root, seed=1, workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["raw"] and (root / "old").read_text() == "old"
