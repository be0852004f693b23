"""Corpora of the right form that make no sense: the index and the doctor say so, in lines that cannot be misread."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from cases.inputs import rows, table, wavs
from typer.testing import CliRunner

from emotion.cli import app
from emotion.core.errors import EmotionError
from emotion.core.text import is_printable
from emotion.corpus.index import index_corpus
from emotion.corpus.utterance import read_index

HERE = Path(__file__).parents[2]


def index(root, capsys):
    """What `emotion index` says, or its error."""
    try:
        index_corpus(corpus="table", root=root, out=root / "new" / "index.csv", label_rule="released", split="corpus")
    except EmotionError as error:
        return f"{capsys.readouterr().err}error: {error}"
    return capsys.readouterr().err


def doctor(root, *more):
    done = CliRunner().invoke(app, ["corpus", "check", "--corpus", "table", "--root", str(root), *more])
    return done.exit_code, done.output


def test_speaker_leading_zero(tmp_path, capsys):
    table(tmp_path, rows(audio=wavs(tmp_path), speaker=lambda i: "03" if i % 2 else "3"))
    said, (code, report) = index(tmp_path, capsys), doctor(tmp_path)
    for text in (said, report):
        assert "1 speaker spelled in several ways: '3' (6), '03' (6)" in text
    # One person cannot be in training and in the test set.
    assert "error: cannot draw a split: 12 dialogues in 1 group without a common speaker" in said and code == 1


def test_one_person_in_two_spellings_on_both_sides_of_the_test_border(tmp_path, capsys):
    part = lambda i: ("train", "validation", "test")[i // 4]  # noqa: E731
    table(tmp_path, rows(audio=wavs(tmp_path), speaker=lambda i: ("Ann", "bob", "ann ")[i // 4].strip(), split=part))
    said, (code, report) = index(tmp_path, capsys), doctor(tmp_path)
    leak = "leak: speaker 'Ann' (4), 'ann' (4) is in train and in test"
    assert f"error: {leak}; write the name in one way, and split by speakers" in said and leak in report and code == 1
    assert not (tmp_path / "new").exists()


def test_labels_capitals(tmp_path, capsys):
    table(tmp_path, rows(labels=("Happy", "happy", "HAPPY", "sad"), audio=wavs(tmp_path)))
    said, (code, report) = index(tmp_path, capsys), doctor(tmp_path)
    for text in (said, report):
        assert "1 label spelled in several ways: 'Happy' (3), 'happy' (3), 'HAPPY' (3)" in text
    assert code == 0


def test_labels_regression(tmp_path, capsys):
    labels = [f"{n / 4 - 2.9:.2f}" for n in range(24)]
    table(tmp_path, rows(n=24, labels=labels, audio=wavs(tmp_path, 24)))
    said, (code, report) = index(tmp_path, capsys), doctor(tmp_path)
    assert said.startswith("error: ") and said.count("\n") == 0 and code == 1
    for text in (said, report):
        assert "numbers in column label: 24 different ones in 24 rows ('-2.90', " in text
    assert not (tmp_path / "new").exists()


def test_class_only_in_test(tmp_path, capsys):
    part = lambda i: ("train", "validation", "test")[i // 8]  # noqa: E731
    label = lambda i: "rare" if i >= 16 and i % 2 else ("glad", "sad")[i % 2]  # noqa: E731
    table(tmp_path, rows(n=24, audio=wavs(tmp_path, 24), split=part, label=label, speaker=lambda i: f"s{i // 8}"))
    said, (code, report) = index(tmp_path, capsys), doctor(tmp_path)
    for text in (said, report):
        assert "1 class without an utterance in training: 'rare' (test 4)" in text
    assert code == 0
    # Every stage reads the JSON file: it says nothing of what the test rows are.
    about = json.loads((tmp_path / "new" / "index.json").read_text())
    assert set(about["counts"]) == {"train", "validation"} and about["test"] == 8


@pytest.mark.slow
def test_rows_out_of_order(tmp_path, capsys):
    wavs(tmp_path, 4, seconds=14)
    start = lambda i: (8, 0, 4, 2, 6, 10)[i % 6]  # noqa: E731
    own = {"dialogue": lambda i: f"d{i // 6}", "speaker": lambda i: f"s{i // 6}", "turn": lambda i: i % 6}
    table(tmp_path, rows(n=24, audio=lambda i: f"{i // 6}.wav", start=start, end=lambda i: start(i) + 2, **own))
    said, (code, report) = index(tmp_path, capsys), doctor(tmp_path)
    for text in (said, report):
        assert "4 dialogues not in the order of start times: 'd0'" in text
    assert code == 0


def test_text_pipe_label(tmp_path, capsys):
    labels = ("glad|calm", "[bold]sad[/bold]", "[/]")
    table(tmp_path, rows(labels=labels, audio=wavs(tmp_path)))
    said, (code, report) = index(tmp_path, capsys), doctor(tmp_path)
    assert "made of: audio 12, video 0, text 12 of 12 utterances; no utterance has video" in said.splitlines()[-1]
    assert code == 0 and all(label in report for label in labels)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_text_escape_id(tmp_path, capsys, options):
    table(tmp_path, rows(audio=wavs(tmp_path), utterance=lambda i: f"u{i}\x1b]0;title\x07\x1b[2J\u202e\x9b2J"))
    said, (code, report) = index(tmp_path, capsys), doctor(tmp_path, *options)
    assert all(map(is_printable, report.splitlines())) and code == 1
    assert "error: " in said and all(map(is_printable, said.splitlines()))
    assert not (tmp_path / "new").exists()


def test_the_doctors_json_is_the_same_with_and_without_escapes(tmp_path):
    table(tmp_path, rows(audio=wavs(tmp_path), label=lambda i: ("高兴", 'a "quoted" \\ one')[i % 2]))
    code, report = doctor(tmp_path, "--json")
    what = [line["what"] for line in json.loads(report)["table"]]
    assert code == 0 and "  高兴" in what and '  a "quoted" \\ one' in what


@pytest.mark.slow
def test_disk_full_index(tmp_path):
    table(tmp_path, rows(audio=wavs(tmp_path)))
    command = ["index", "--corpus", "table", "--root", str(tmp_path), "--out", str(tmp_path / "new" / "index.csv")]
    done = subprocess.run(
        [sys.executable, "-m", "emotion.cli", *command],
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(
        f"error: {tmp_path / 'new' / 'index.csv'}: cannot be written (larger than files may be here)"
    )
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.slow
def test_module_run():
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    check = [sys.executable, "-m", "emotion.cli", "corpus", "check", "--root", "nowhere", "--corpus"]
    done = subprocess.run([*check, "table"], cwd=HERE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "nowhere: the folder of corpus table does not exist" in done.stdout
    done = subprocess.run([*check, "tabel"], cwd=HERE, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr


def test_the_index_replaces_no_other_file(tmp_path):
    table(tmp_path, rows(audio=wavs(tmp_path)))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for name in ("utterances.csv", "0.wav", "index.json"):
        with pytest.raises(EmotionError, match=r"another file is there|a file of another kind is written"):
            index_corpus(corpus="table", root=tmp_path, out=tmp_path / name, label_rule="released", split="corpus")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_header_with_an_absurd_rate_costs_its_file(tmp_path):
    audio = wavs(tmp_path)
    for number, rate in ((3, 2**31 - 1), (4, 8)):
        data = bytearray((tmp_path / f"{number}.wav").read_bytes())
        data[24:28] = rate.to_bytes(4, "little")
        (tmp_path / f"{number}.wav").write_bytes(data)
    table(tmp_path, rows(audio=audio))
    index_corpus(
        corpus="table", root=tmp_path, out=tmp_path / "new" / "index.csv", label_rule="released", split="corpus"
    )
    rows_read = read_index(tmp_path / "new" / "index.csv").utterances
    assert {row.utterance for row in rows_read if not row.audio} == {"u3", "u4"} and len(rows_read) == 12
