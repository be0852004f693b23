"""MELD on generated files: official splits, quoting, cp1252 leftovers, bad clips by name, garbage by line."""

import meld_tree
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emotion.core.errors import EmotionError
from emotion.corpus.cells import seconds
from emotion.corpus.check import check_corpus
from emotion.corpus.index import index_corpus
from emotion.corpus.meld import LABELS, read_meld
from emotion.corpus.utterance import read_index
from emotion.media.audio import read_segment
from emotion.media.probe import decode

NAMES = {"train": "train", "validation": "dev", "test": "test"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("meld") / "raw"
    return root, meld_tree.write(root, share=0.02)


def truth(rows):
    return [
        (f"{NAMES[split]}_dia{d}_utt{u}", f"{NAMES[split]}_dia{d}", u, speaker, label, split, meld_tree.TEXTS[text])
        for split in NAMES
        for d, u, speaker, label, text in rows[split]
    ]


def columns(reading):
    return [
        (row.utterance, row.dialogue, row.turn, row.speaker, row.label, row.split, row.text)
        for row in reading.utterances
    ]


@pytest.mark.parametrize(("seed", "packed"), [(0, False), (1, True)])
def test_the_planted_rows_in_both_layouts_and_encodings(tmp_path, seed, packed):
    rows = meld_tree.write(tmp_path / "raw", share=0.01, seed=seed, packed=packed)
    reading = read_meld(tmp_path / "raw")
    assert columns(reading) == truth(rows)
    assert reading.labels == LABELS and {row.side for row in reading.utterances} == {"full"}
    repaired = sum(text in list(meld_tree.TEXTS)[2:4] for part in rows.values() for *_, text in part)
    # Bare cp1252 bytes are read as such: nothing in the text is left to repair.
    bare = sum(text == list(meld_tree.TEXTS)[2] for part in rows.values() for *_, text in part) if seed % 2 else 0
    assert 0 < reading.notes.counts()["texts with cp1252 leftovers, repaired"] <= repaired
    assert reading.notes.counts()["texts with cp1252 leftovers, repaired"] >= repaired - bare


def test_bad_clips_are_named_and_their_media_left_out(tree):
    root = tree[0]
    reading = read_meld(root)
    bad = {f"{NAMES[split]}_dia{d}_utt{u}" for split, keys in meld_tree.BAD.items() for d, u in keys}
    assert {row.utterance for row in reading.utterances if not row.video} == bad
    ((kind, places),) = [item for item in reading.notes.items() if item[0].name.startswith("clips")]
    assert kind.name == "clips known to be bad in the release" and kind.level == "warning"
    assert {place.split(":")[0] for place in places} == bad
    whys = {place.split(": ")[0]: place.split(": ", 1)[1] for place in places}
    assert whys["dev_dia110_utt7"] == "missing" and whys["test_dia38_utt4"] == "305 s"
    assert "corrupt" in whys["train_dia125_utt3"]
    for row in reading.utterances:
        if row.video:
            assert row.audio == row.video and (root / row.video).is_file()
            assert row.start == 0 and row.end == pytest.approx(1.2, abs=0.1)
        else:
            assert row.audio == "" and 2.4 < row.end < 3.0  # EndTime - StartTime


def test_new_bad_clips_are_errors_and_a_wav_is_taken_instead(tmp_path):
    root = tmp_path / "raw"
    meld_tree.write(root, share=0.01)
    clips = sorted((root / "train_splits").glob("dia[0-9]*.mp4"))
    clips[0].unlink()
    clips[1].unlink()
    clips[1].write_bytes(b"")
    clips[2].unlink()
    soundfile.write(clips[2].with_suffix(".wav"), [0.0] * 8000, 16000)
    reading = read_meld(root)
    by_clip = {row.utterance: row for row in reading.utterances}
    missing, empty, heard = (by_clip[f"train_{clip.stem}"] for clip in clips[:3])
    assert (missing.audio, missing.video, empty.audio, empty.video) == ("", "", "", "")
    assert heard.audio.endswith(".wav") and heard.video == "" and heard.end == 0.5
    counts = reading.notes.counts()
    assert counts["clips missing"] == 2 and counts["clips corrupt"] == 1


def test_without_clips_it_is_a_corpus_of_text(tmp_path):
    rows = meld_tree.write(tmp_path / "raw", share=0.01, clips=False)
    reading = read_meld(tmp_path / "raw")
    assert columns(reading) == truth(rows)
    assert not any(row.audio or row.video for row in reading.utterances)
    assert reading.notes.counts()["splits without a folder of clips"] == 3


def test_index_needs_the_overlap_to_be_allowed(tree, tmp_path, capsys):
    root, rows = tree
    arguments = {"corpus": "meld", "root": root, "out": tmp_path / "index.csv", "label_rule": "released"}
    with pytest.raises(EmotionError, match=r"leak: speaker .* is in train .*and in test .*--allow-speaker-overlap"):
        index_corpus(**arguments, split="corpus")
    with pytest.raises(EmotionError, match=r"index\.split to corpus"):
        index_corpus(**arguments, split="paper", allow_speaker_overlap=True)
    assert not (tmp_path / "index.csv").exists()
    index_corpus(**arguments, split="corpus", allow_speaker_overlap=True)
    index = read_index(tmp_path / "index.csv", test_labels=True)
    assert index.labels == LABELS and len(index.utterances) == sum(map(len, rows.values()))
    said = capsys.readouterr().err
    assert all(f"{NAMES[split]}_dia{d}_utt{u}" in said for split, keys in meld_tree.BAD.items() for d, u in keys)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",Emotion,", ",Feeling,", "no column Emotion"),
        ("Sr No.,Utterance,", "Utterance,Utterance,", "column Utterance is there twice"),
        (",neutral,0,", ",neutral,zero,", r"line \d+: Dialogue_ID is 'zero'"),
        (",neutral,0,", ",neutral,-1,", r"line \d+: Dialogue_ID is '-1'"),
        (",neutral,0,", ",neutral,0,0,", r"line \d+ has 12 columns, expected 11"),
        ("2,Well.", '2,"Well', r"line 3 is no CSV"),
    ],
)
def test_garbage_is_named_by_line(tmp_path, old, new, message):
    root = tmp_path / "raw"
    rows = {split: [(0, u, "Anna", label, "Well.") for u, label in enumerate(LABELS)] for split in NAMES}
    root.mkdir()
    for split, (_, table, _) in meld_tree.FILES.items():
        (root / table).write_bytes(meld_tree.content(rows[split], 0))
    path = root / "dev_sent_emo.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(EmotionError, match=message) as error:
        read_meld(root)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_repeated_rows_and_odd_times_are_counted(tmp_path):
    root = tmp_path / "raw"
    meld_tree.write(root, share=0.01, clips=False)
    path = root / "test_sent_emo.csv"
    lines = path.read_text().rstrip("\n") + '\n1,Odd,Anna,joy,positive,900,0,1,1,soon,"00:00:01,000"\n' * 2
    path.write_text(lines)
    reading = read_meld(root)
    counts = reading.notes.counts()
    assert counts["utterances listed twice, the first is kept"] == counts["utterances whose times make no sense"] == 1
    assert reading.utterances[-1].utterance == "test_dia900_utt0" and reading.utterances[-1].end == 1.0
    path.unlink()
    with pytest.raises(EmotionError, match=r"no test_sent_emo.csv there nor in test/"):
        read_meld(root)


def test_sound_of_a_clip_is_that_of_its_track(tmp_path):
    meld_tree.write_clip(tmp_path / "a.mp4", seconds=3.0)
    wave = read_segment(tmp_path / "a.mp4", start=1.5, end=2.5, rate=16000)
    assert len(wave) == 16000 and abs(wave).max() == pytest.approx(0.5, abs=0.06)
    assert abs(np.fft.rfft(wave)).argmax() == 440
    with pytest.raises(EmotionError, match="beyond the audio's end"):
        read_segment(tmp_path / "a.mp4", start=9, end=10, rate=16000)
    meld_tree.write_clip(tmp_path / "mute.mp4", sound=False)
    with pytest.raises(EmotionError, match="no sound track"):
        read_segment(tmp_path / "mute.mp4", start=0, end=1, rate=16000)
    data = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    with pytest.raises(EmotionError, match="undecodable audio"):
        read_segment(tmp_path / "cut.mp4", start=0, end=1, rate=16000)


@pytest.mark.slow
def test_the_doctor_decodes_and_names(tree):
    root = tree[0]
    report = check_corpus(
        corpus="meld",
        root=root,
        label_rule="released",
        split="corpus",
        allow_speaker_overlap=True,
        decode=decode,
        workers=2,
    )
    media = [line for line in report.lines if line.what.startswith("media:")]
    assert [line.what for line in media] == ["media: 64x48, 25.00 frames/s, 1 channels, 16000 Hz"]
    (wrong,) = [kind.name for kind, _ in report.findings if kind.level == "error"]
    assert wrong.startswith("counts that differ from the release")  # it is a fiftieth of MELD
    extra = next(finding for finding in report.findings if finding.kind.name.startswith("clips without a line"))
    assert len(extra.places) == 3


@pytest.mark.slow
def test_the_doctor_is_content_with_a_whole_meld(tmp_path):
    rows = meld_tree.write(tmp_path / "raw")
    assert columns(read_meld(tmp_path / "raw")) == truth(rows)
    report = check_corpus(
        corpus="meld",
        root=tmp_path / "raw",
        label_rule="released",
        split="corpus",
        allow_speaker_overlap=True,
        decode=None,
        workers=1,
    )
    assert [line for line in report.lines if not line.good] == [] and report.count("error") == 0


@settings(deadline=None)
@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_times_round_trip(hours, minutes, rest, thousandths):
    value = seconds(f"{hours:02d}:{minutes:02d}:{rest:02d},{thousandths:03d}")
    assert value == pytest.approx(3600 * hours + 60 * minutes + rest + thousandths / 1000)


@settings(deadline=None)
@given(st.text(max_size=20))
def test_times_of_any_text_are_a_number_or_none(text):
    value = seconds(text)
    assert value is None or value >= 0


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(garbage=st.text(max_size=60), at=st.integers(1, 6))
def test_a_garbage_line_is_an_error_with_its_place_or_counted(tmp_path, garbage, at):
    rows = [(0, u, "Anna", label, "Well.") for u, label in enumerate(LABELS)]
    for _, table, _ in meld_tree.FILES.values():
        (tmp_path / table).write_bytes(meld_tree.content(rows, 0))
    path = tmp_path / "train_sent_emo.csv"
    lines = path.read_bytes().split(b"\n")
    lines.insert(at, garbage.encode("utf-8", "surrogatepass"))
    path.write_bytes(b"\n".join(lines))
    try:
        reading = read_meld(tmp_path)
    except EmotionError as error:
        assert f"{path}: line" in str(error) and "\n" not in str(error)
    else:
        # Only an empty line may pass.
        assert not garbage.strip("\r\n")
        assert len([row for row in reading.utterances if row.split == "train"]) == len(LABELS)


def test_rows_are_put_in_the_order_of_the_dialogues(tmp_path):
    rows = meld_tree.write(tmp_path / "raw", share=0.01, clips=False)
    for _, table, _ in meld_tree.FILES.values():
        path = tmp_path / "raw" / table
        shuffled = {split: part[::-1] for split, part in rows.items()}
        split = next(split for split, names in meld_tree.FILES.items() if names[1] == table)
        path.write_bytes(meld_tree.content(shuffled[split], 0))
    assert columns(read_meld(tmp_path / "raw")) == truth(rows)
