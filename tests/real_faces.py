"""Real people and the detector for them, where they are: neither is in the repository."""

import numpy as np
import pytest
from closure import ROOT

from emotion.media.video import Video

_DATA = ROOT.parent / "shared" / "data"
MODEL = _DATA / "face_detection_yunet_2026may.onnx"
FILM = _DATA / "dialogue13.mp4"  # two people side by side, 720x360 px, 13 s, 25 frames/s
needs_model = pytest.mark.skipif(not MODEL.is_file(), reason="the weights of YuNet are not here")
needs_film = pytest.mark.skipif(not (MODEL.is_file() and FILM.is_file()), reason="no weights of YuNet, or no film")


def frames(side="full", *, every=25):
    """Pictures of the film, (height, width) uint8."""
    with Video(FILM) as video:
        return [np.ascontiguousarray(picture.grey(side)) for _, picture in video.frames(range(0, 325, every))]
