"""The bundled detector and YuNet."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from drawn_face import draw_face, needs_haar

from emotion.core.errors import EmotionError
from emotion.media.detectors import make_detector


def test_detector_must_exist(tmp_path):
    (tmp_path / "bad.onnx").write_bytes(b"no model")
    for name in ("mtcnn", "missing.onnx"):
        with pytest.raises(EmotionError, match=name):
            make_detector(name)
    with pytest.raises(EmotionError, match="not a YuNet model"):
        make_detector(str(tmp_path / "bad.onnx"))


def test_yunet_rows_become_boxes(tmp_path, monkeypatch):
    class Model:
        def setInputSize(self, size):
            self.size = size

        def detect(self, picture):
            assert picture.shape == (*self.size[::-1], 3)
            return 1, np.array([[10, 20, 40, 60, *[0] * 10, 0.9]], dtype=np.float32)

    (tmp_path / "a.onnx").write_bytes(b"x")
    monkeypatch.setattr(cv2, "FaceDetectorYN", SimpleNamespace(create=lambda *_: Model()))
    (box,) = make_detector(str(tmp_path / "a.onnx"))(np.zeros((120, 160), dtype=np.uint8))
    assert (box.x, box.y, box.side) == (30, 53, 40) and box.score == pytest.approx(0.9)


@needs_haar
def test_near_search_finds_what_the_whole_search_finds():
    detector = make_detector("haar")
    picture, _ = draw_face(180)
    (box,) = detector(picture)
    moved = cv2.warpAffine(picture, np.float64([[1, 0, 6], [0, 1, 4]]), (180, 180), borderMode=cv2.BORDER_REPLICATE)
    (found,) = detector.near(moved, [box])
    assert abs(found.x - box.x - 6) < 3 and abs(found.y - box.y - 4) < 3 and abs(found.side / box.side - 1) < 0.08
    assert detector.near(np.full((180, 180), 90, np.uint8), [box]) == []
