"""Words and frames from the raw corpus to a packed model that classifies a recording of one's own."""

import pytest
from pipeline.planted_table import plant, words
from typer.testing import CliRunner

from emotion.cli import app
from emotion.core import logs
from emotion.store.cache import Cache
from emotion.timeline.json_file import read_timeline

FRAMES = {"audio.level": "frame", "face.level": "frame", "text.level": "word", "model": "cross_modal"}
ROWS = "start,end,speaker,text,side\n0.0,1.0,P0,what a fine day,left\n1.0,2.0,P0,pity,left\n"


@pytest.mark.slow
def test_from_the_corpus_to_a_recording(tmp_path, monkeypatch):
    monkeypatch.setenv("EMOTION_WORKERS", "1")
    monkeypatch.setenv("EMOTION_PATIENCE", "0")
    logs.start()
    root, out = plant(tmp_path / "raw"), tmp_path / "mine"
    arguments = ["train", "--corpus", "table", "--root", str(root), "--out", str(out), "--name", "small"]
    result = CliRunner().invoke(app, [*arguments, *words(**FRAMES)])
    assert result.exit_code == 0, result.exception
    counts = {}
    for name in ("audio", "face", "text"):
        with Cache(tmp_path / "mine.run" / "data" / "features" / f"{name}.h5") as cache:
            cache.check()
            counts[name] = {len(cache[row]) for row in range(len(cache)) if cache.present[row]}
    assert counts == {"audio": {6}, "face": {2}, "text": {5}}  # 1 s of sound at 8 kHz, eight frames, five words
    (tmp_path / "talk.csv").write_text(ROWS, encoding="utf-8")
    film = ["predict", str(root / "p0.mp4"), "--model", str(out), "--transcript", str(tmp_path / "talk.csv")]
    result = CliRunner().invoke(app, [*film, "--out", str(tmp_path / "talk")])
    assert result.exit_code == 0, result.exception
    turns = read_timeline(tmp_path / "talk" / "timeline.json").turns
    assert [sum(turn.emotion.probabilities.values()) for turn in turns] == pytest.approx([1, 1], abs=1e-3)
