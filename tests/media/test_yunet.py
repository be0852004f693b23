"""The weights of YuNet: fetched when asked for, checked, and found again; a missing file names the command."""

import shutil

import cv2
import huggingface_hub
import numpy as np
import pytest
from real_faces import MODEL, frames, needs_film, needs_model
from typer.testing import CliRunner

from emotion.cli import app
from emotion.core import assets
from emotion.core.errors import EmotionError
from emotion.media import yunet
from emotion.media.detectors import make_detector


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    """The folder of the user's that is written to."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_ASSETS_CACHE", str(tmp_path / "assets"))
    return tmp_path / "assets" / "emotion" / "yunet" / yunet.FILE


def fetch(*words):
    return CliRunner().invoke(app, ["fetch", "yunet", *map(str, words)])


def test_without_it_the_command_is_named():
    with pytest.raises(EmotionError, match=r"^YuNet's weights are not on this machine: .*: emotion fetch yunet$"):
        make_detector("yunet")


@needs_model
def test_a_copy_is_kept_and_found(kept):
    assert fetch("--from", MODEL).exit_code == 0
    assert kept.read_bytes() == MODEL.read_bytes() and yunet.installed() == kept
    assert make_detector("yunet")(np.zeros((100, 100), np.uint8)) == []


def test_another_file_is_refused(tmp_path, kept):
    (tmp_path / "old.onnx").write_bytes(b"another network")
    result = fetch("--from", tmp_path / "old.onnx")
    assert isinstance(result.exception, EmotionError) and "old.onnx: its sha256 is" in str(result.exception)
    assert isinstance(fetch("--from", tmp_path / "none.onnx").exception, EmotionError)
    assert not kept.exists()


def test_a_damaged_copy_is_not_run(kept):
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"half of it")
    with pytest.raises(EmotionError, match=r"its sha256 is .*; fetch it again: emotion fetch yunet$"):
        make_detector("yunet")


def test_a_hub_out_of_reach_is_one_line(kept):
    error = fetch().exception  # tests are offline
    assert isinstance(error, EmotionError) and "\n" not in str(error) and not kept.exists()
    assert str(error).endswith("then: emotion fetch yunet --from FILE")


@needs_model
def test_the_hub_is_asked_until_a_place_has_it(tmp_path, monkeypatch, kept):
    asked = []

    def download(place, name, *, local_dir):
        asked.append(place)
        if len(asked) == 1:
            (tmp_path / name).write_bytes(b"a newer one")
            return str(tmp_path / name)
        return shutil.copy(MODEL, local_dir)

    monkeypatch.setattr(assets, "hf_hub_download", download)
    assert fetch().exit_code == 0
    assert len(asked) == 2 and kept.read_bytes() == MODEL.read_bytes()


@pytest.mark.slow
@needs_model
@pytest.mark.parametrize("shape", [(1, 1), (17, 300), (300, 17), (32, 32), (32, 320), (33, 33)])
def test_no_face_is_made_up_in_small_pictures(shape):
    rng = np.random.default_rng(0)
    for _ in range(10):
        junk = rng.normal(0, 1e20, rng.integers(10, 20_000)).astype(np.float32)  # what memory may hold
        del junk
        assert make_detector(str(MODEL), score=0.3)(np.zeros(shape, np.uint8)) == []


@pytest.mark.slow
@needs_film
def test_a_lower_score_finds_no_fewer():
    pictures = [cv2.resize(picture, (120, 60)) for picture in frames()]  # small: some faces are doubtful
    counts = [sum(len(make_detector(str(MODEL), score=score)(p)) for p in pictures) for score in (0.9, 0.7, 0.3)]
    assert counts == sorted(counts) and counts[0] < counts[-1]


def test_haar_on_opencv_5_names_yunet(monkeypatch):
    monkeypatch.delattr(cv2, "CascadeClassifier", raising=False)
    with pytest.raises(
        EmotionError, match=r"haar, which OpenCV .* no longer has; choose yunet \(emotion fetch yunet\)"
    ):
        make_detector("haar")
