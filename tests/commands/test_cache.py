"""`emotion cache` shows what a cache holds and names a damaged one in one line."""

import numpy as np
import pytest

from emotion import cli
from emotion.store.writer import CacheWriter


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "audio.h5"
    about = {"modality": "audio", "encoder": "paper"}
    scratch = tmp_path / "scratch"
    with CacheWriter(path, ids=["a", "b"], shape=(2,), dtype="float32", attributes=about, scratch=scratch) as writer:
        writer.append(np.array([[0.5, 1.5]], np.float32), "", {"score": 3})
        writer.append(None, "no audio file: b.wav does not exist")
    return path


def run(monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["emotion", "cache", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def test_show(monkeypatch, capsys, file):
    assert run(monkeypatch, "show", file) == 0
    shown = capsys.readouterr().out
    for part in (
        "2, 1 present, 1 frame",
        "(t, 2) float32",
        "paper",
        "missing: b: no audio file: b.wav does not exist",
    ):
        assert part in shown
    assert run(monkeypatch, "show", file, "--utterance", "a") == 0
    assert "1.5" in (shown := capsys.readouterr().out) and "'score': 3" in shown
    assert run(monkeypatch, "show", file, "--utterance", "c") == 1
    assert "utterance c is not in it" in capsys.readouterr().err
    bracketed = file.parent / "[b]a[" / "x].h5"
    bracketed.parent.mkdir()
    file.rename(bracketed)
    assert run(monkeypatch, "show", bracketed) == 0
    assert "[b]a[/x].h5: shown" in capsys.readouterr().out.replace("\n", "")


def test_verify(monkeypatch, capsys, file):
    assert run(monkeypatch, "verify", file) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{file}: in order (structure, checksum and finite values of 2 utterances, 1 frame,")
    assert said.count("\n") == 1
    content = bytearray(file.read_bytes())
    content[content.index(np.float32(1.5).tobytes())] ^= 1
    file.write_bytes(content)
    assert run(monkeypatch, "verify", file) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {file}: not a usable cache: its content differs") and error.count("\n") == 1
    assert run(monkeypatch, "verify", file.with_name("none.h5")) == 1
