"""hub:base, from small random checkpoints of the same kinds: made once, used by its name, refused on IEMOCAP."""

import json
import shutil
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import soundfile
import torch
import transformers as hf
from bundle.open_heads import plant
from bundle.test_late import naive
from predict.planted_talk import TURNS, plant_sound, plant_transcript, plant_video, told
from typer.testing import CliRunner

from emotion.bundle.card import base_folder, read_card
from emotion.bundle.folder import check
from emotion.cli import app
from emotion.core.errors import EmotionError

BASE = "hub:base"


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("heads"))


@pytest.fixture(scope="module")
def made(heads, tmp_path_factory):
    """The user's folder with hub:base; to read only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(huggingface_hub.constants, "HF_ASSETS_CACHE", str(tmp_path_factory.mktemp("assets")))
        result = run("fetch", "base", "--from", heads)
        assert result.exit_code == 0, result.exception
        yield base_folder()


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.slow
def test_its_card_says_that_nobody_has_measured_it(made, heads):
    card = check(made).card
    assert card == read_card(BASE) and card.test is None and "iemocap" in card.corpus.name
    shown = run("model", "show", BASE).stdout
    assert "nobody has measured it" in shown and "superb/wav2vec2-base-superb-er" in shown
    text = (made / "README.md").read_text()
    assert "model-index" not in text and "not for decisions about people" in text
    assert not [path for path in made.rglob("*.json") if str(heads) in path.read_text()]


def by_the_library(heads, sound, start, end, text):
    """What the heads say of a turn, by transformers."""
    wave = soundfile.read(sound, dtype="float32")[0][round(start * 16000) : round(end * 16000)]
    hear, read = (kind.from_pretrained(heads / name) for kind, name in (
        (hf.Wav2Vec2ForSequenceClassification, "audio"), (hf.RobertaForSequenceClassification, "text")
    ))  # fmt: skip
    inputs = hf.AutoFeatureExtractor.from_pretrained(heads / "audio")(wave, sampling_rate=16000, return_tensors="pt")
    tokens = hf.AutoTokenizer.from_pretrained(heads / "text")(text, truncation=True, max_length=20, return_tensors="pt")
    with torch.no_grad():
        heard = hear.eval()(inputs["input_values"]).logits.softmax(-1)
        said = read.eval()(**tokens).logits.sigmoid()
    return {"audio": heard[0].tolist(), "face": [], "text": said[0].tolist()}


@pytest.mark.slow
def test_sound_and_words_are_those_of_the_library_fused(made, heads, tmp_path):
    sound, transcript = plant_sound(tmp_path / "talk.wav"), plant_transcript(tmp_path / "talk.csv")
    told(sound, BASE, tmp_path / "out", transcript)
    segments = json.loads((tmp_path / "out" / "timeline.json").read_text())["segments"]
    assert len(segments) == len(TURNS)
    for segment, (start, end, _, text) in zip(segments, TURNS, strict=True):
        said = by_the_library(heads, sound, start, end, text)
        wanted = naive(said, {"audio": True, "face": False, "text": True})
        assert np.abs(np.array(list(segment["emotion"].values())) - wanted).max() < 1e-3


@pytest.mark.slow
def test_faces_count_too_and_iemocap_is_refused(made, tmp_path):
    film = plant_video(tmp_path / "talk.mp4")
    transcript = plant_transcript(tmp_path / "talk.csv", sides=("left", "right", "left"))
    told(film, BASE, tmp_path / "out", transcript)
    segments = json.loads((tmp_path / "out" / "timeline.json").read_text())["segments"]
    assert "face" not in segments[0]["absent"] and "face" in segments[1]["absent"]
    shutil.copy(film, tmp_path / "Ses01F_impro01.mp4")
    words = ("predict", tmp_path / "Ses01F_impro01.mp4", "--model", BASE, "--out", tmp_path / "no")
    error = run(*words, "--transcript", transcript).exception
    assert error.exit_code == 3 and "trained on IEMOCAP" in str(error) and not (tmp_path / "no").exists()


@pytest.mark.slow
def test_it_is_fetched_only_when_asked(heads, tmp_path, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    with pytest.raises(EmotionError, match=r"^hub:mine: unknown, expected hub:base or a model's folder; get one"):
        read_card(Path("hub:mine"))
    with pytest.raises(EmotionError, match=r"^hub:base is not on this machine: .*; fetch it once: emotion fetch base$"):
        check(BASE)
    error = run("fetch", "base").exception  # tests are offline
    assert isinstance(error, EmotionError) and "\n" not in str(error)
    assert str(error).endswith("then: emotion fetch base --from DIR")
    shutil.copytree(heads, tmp_path / "odd")
    config = tmp_path / "odd" / "audio" / "config.json"
    config.write_text(config.read_text().replace('"hap"', '"LABEL_1"'))
    assert "has a class 'LABEL_1'" in str(run("fetch", "base", "--from", tmp_path / "odd").exception)
    assert not base_folder().exists()
