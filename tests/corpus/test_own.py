"""A reader of one's own: indexed and checked like a table; what is wrong is one line."""

import json
from pathlib import Path

import pytest
from cases.inputs import wavs
from typer.testing import CliRunner

from emotion.cli import app
from emotion.core.closure import read_code
from emotion.core.errors import EmotionError
from emotion.core.settings import read_settings
from emotion.corpus.index import index_corpus, read_corpus
from emotion.corpus.raw import find_corpus
from emotion.corpus.settings import Corpus
from emotion.corpus.utterance import read_index

FOLDERS = "plugins/folders.py:read"


@pytest.fixture
def root(tmp_path):
    """24 files `<emotion>/<speaker>_<number>.wav` of 12 people."""
    wavs(tmp_path / "flat", 24, 0.2)
    for i in range(24):
        folder = tmp_path / "corpus" / ("glad", "sad")[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "flat" / f"{i}.wav").rename(folder / f"anna_{i // 2}_{i}.wav")
    return tmp_path / "corpus"


def write(project, body, head="def read(root):\n"):
    (project / "plugins" / "mine.py").write_text(f"{head}    {body}\n", encoding="utf-8")
    read_code.cache_clear()


def index(root, out, corpus=FOLDERS):
    index_corpus(corpus=corpus, root=root, out=out, label_rule="released", split="corpus")
    return read_index(out, test_labels=True)


def test_folders(project, root, tmp_path, capsys):
    found = index(root, tmp_path / "index.csv")
    assert (found.corpus, found.labels) == (FOLDERS, ("glad", "sad"))
    row = next(row for row in found.utterances if row.utterance == "sad-anna_0_1")
    assert (row.dialogue, row.speaker, row.audio) == ("sad-anna_0_1", "anna_0", "sad/anna_0_1.wav")
    assert (row.label, row.start, row.end) == ("sad", 0.0, 0.2)
    assert {row.split for row in found.utterances} == {"train", "validation", "test"}
    said = capsys.readouterr().err
    assert "24 utterances of 24 dialogues" in said


def test_the_commands(project, root, tmp_path):
    run = CliRunner().invoke
    done = run(app, ["index", "--corpus", FOLDERS, "--root", str(root), "--out", str(tmp_path / "index.csv")])
    assert done.exit_code == 0, done.output
    done = run(app, ["corpus", "check", "--corpus", FOLDERS, "--root", str(root)])
    assert done.exit_code == 0 and "24" in done.output, done.output
    write(project, "print('reading')\n    return [{'utterance': 'a', 'label': 'glad', 'text': 'yes'}]")
    done = run(app, ["corpus", "check", "--corpus", "plugins/mine.py:read", "--root", str(root), "--json"])
    assert done.stderr.startswith("reading\n") and json.loads(done.stdout)["corpus"] == "plugins/mine.py:read"
    assert run(app, ["corpus", "check", "--corpus", "plugins/folders.py", "--root", str(root)]).exit_code == 2


def test_rows_have_what_a_table_has(project, tmp_path):
    row = "dict(utterance=i, label='ab'[i % 2], start=i, end=i + 0.5, text=(None, float('nan'))[i % 2], split='test')"
    write(project, f"return [{row} for i in range(4)]")
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "x").touch()
    found = read_corpus(corpus="plugins/mine.py:read", root=tmp_path / "corpus", label_rule="released")
    assert [row.utterance for row in found.utterances] == ["0", "1", "2", "3"]
    assert [(row.start, row.end, row.text, row.split) for row in found.utterances][1] == (1.0, 1.5, "", "test")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return 3", "mine.py:read gives int, expected rows"),
        ("return [3]", "row 1 is 3, expected a dict"),
        ("return []", "found no utterance there"),
        ("return [dict(utterance=1)]", "row 1: column label is missing"),
        ("return [dict(utterance=1, label=2, speeker=3)]", "column 'speeker' means nothing here"),
        ("return [dict(utterance=1, label=2, speeker=3)]", "did you mean speaker?"),
        ("return [dict(utterance=1, label='a', end='x')]", "mine.py:read: row 1: end is 'x'"),
        ("return [dict(utterance=1, label='a')] * 2", "row 2: utterance '1' is there already"),
        ("return [dict(utterance=1, label='a', audio=__file__)]", "row 1"),
        ("return [dict(utterance=float('nan'), label='a')]", "row 1: "),
        ("return [dict(utterance=1, label=b'a')]", "row 1: column label is of type bytes, expected a text, a number"),
        ("return [dict(utterance=1, label='a', speaker=[2])]", "row 1: column speaker is of type list"),
        ("exit(0)", "cannot read"),
        ("yield 1 / 0", "cannot read"),
        ("yield 1 / 0", "mine.py:2: ZeroDivisionError"),
    ],
)
def test_what_is_wrong_with_rows_is_one_line(project, root, tmp_path, body, words):
    write(project, body)
    with pytest.raises(EmotionError) as caught:
        index(root, tmp_path / "index.csv", corpus="plugins/mine.py:read")
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "index.csv").exists()


@pytest.mark.parametrize(
    ("head", "words"),
    [
        ("def read(folder):\n", "read takes (folder), expected (root)"),
        ("class read:\n    x = 1\n    def other(self):\n    ", "is type, expected a function of the corpus's folder"),
        ("read = 3\nif False:\n", "is int, expected a function"),
    ],
)
def test_what_is_no_reader_is_one_line(project, root, tmp_path, head, words):
    write(project, "pass", head)
    with pytest.raises(EmotionError) as caught:
        index(root, tmp_path / "index.csv", corpus="plugins/mine.py:read")
    assert words in str(caught.value)


def test_the_folder_is_that_of_the_name(project, root, tmp_path, monkeypatch):
    raw = Path("data/raw")
    with pytest.raises(EmotionError, match=r"data/raw/plugins/folders\.py:read: the folder of .* does not exist"):
        find_corpus(FOLDERS, raw=raw)
    (project / raw / "plugins").mkdir(parents=True)
    (project / raw / FOLDERS).symlink_to(root)
    find_corpus(FOLDERS, raw=raw)
    (tmp_path / "copy").mkdir()
    monkeypatch.chdir(tmp_path / "copy")
    monkeypatch.setenv("DVC_ROOT", str(project))
    find_corpus(FOLDERS, raw=raw)
    assert (raw / FOLDERS).resolve() == root


def test_settings():
    assert read_settings(Corpus, {"corpus": FOLDERS}, source="params.yaml").corpus == FOLDERS
    with pytest.raises(EmotionError, match=r"expected one of synthetic, .*, or plugins/FILE\.py:NAME"):
        read_settings(Corpus, {"corpus": "plugins/../x.py:read"}, source="params.yaml")
