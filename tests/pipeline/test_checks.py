"""What is missing is said before the first step, and nothing is written."""

import sys
from collections import namedtuple
from pathlib import Path

import pytest
from pipeline.planted_table import plant

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders import egemaps
from emotion.params import Params, changed
from emotion.pipeline import checks
from emotion.pipeline.checks import check_settings, check_space
from emotion.pipeline.run import train


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("planted") / "raw", people=1, each=1)


def params(*changes):
    return changed(Params(), ["corpus=table", *changes])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (["audio.encoder=facebook/nowhere"], "audio encoder facebook/nowhere"),
        (["face.encoder=models/none"], "face encoder models/none"),
        (["text.encoder=roberta-nowhere"], "text encoder roberta-nowhere"),
        (["text.encoder=word_vectors"], "text.vectors must name the file"),
        (["text.encoder=word_vectors", "text.vectors=none.txt"], "none.txt"),
        (["face.detector=none.onnx"], "none.onnx"),
        (["face.colour=rgb"], "which takes grey clips"),
        (["model=plugins/none.py:Mine"], "plugins/none.py"),
        (["audio.encoder=plugins/none.py:Mine"], "plugins/none.py"),
        (["audio.encoder=egemaps"], "openSMILE"),
    ],
)
def test_before_the_first_step(corpus, tmp_path, monkeypatch, changes, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "opensmile", None)
    egemaps._smile.cache_clear()
    with pytest.raises(EmotionError, match=said) as caught:
        train(params(*changes), root=corpus, out=Path("mine"), run=Path("mine.run"))
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


def test_what_the_model_does_not_see_may_be_missing(corpus, tmp_path):
    check_settings(params("modalities=text", "audio.encoder=facebook/nowhere", "face.detector=none.onnx"), root=corpus)
    with pytest.raises(EmotionError, match="the folder of corpus table does not exist"):
        check_settings(params(), root=tmp_path / "none")


def test_the_disk(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    row = Utterance("u", "d", 1, "s", 0.0, 600.0, "glad", "train", "", "a.wav", "a.mp4", "full")
    index = Index((row,) * 100, ("glad",), "table", "digest")
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: usage(9e9, 0, 1e9))
    check_space(tmp_path / "a" / "b")
    check_space(tmp_path, index=index, params=params("modalities=audio+text"))
    with pytest.raises(EmotionError, match="1000 MB are free on its disk, but up to 2274 MB are needed for the face"):
        check_space(tmp_path, index=index, params=params())
    (tmp_path / "file").touch()
    with pytest.raises(EmotionError, match="is a file, not a folder"):
        check_space(tmp_path / "file" / "mine")
    monkeypatch.setattr(checks.os, "access", lambda *_: False)
    with pytest.raises(EmotionError, match="no right to do that"):
        check_space(tmp_path / "mine")
