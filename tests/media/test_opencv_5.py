"""The tests of faces on OpenCV 5, which has no cascades; the environment that runs this has OpenCV 4."""

import os
import subprocess
import sys
import sysconfig

import cv2
import pytest
from closure import ROOT


@pytest.mark.full
def test_faces_on_opencv_5(tmp_path):
    assert cv2.__version__.startswith("4.")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "opencv-python>=5,<6"], check=True)
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib"))  # everything else is as it is here
    told = subprocess.run([python, "-c", "import cv2; print(cv2.__version__)"], check=True, capture_output=True)
    assert told.stdout.startswith(b"5.")
    tests = ["tests/media", "tests/extraction/test_faces.py", "tests/extraction/test_boxes.py"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([python, "-m", "pytest", *tests, "-rs"], cwd=ROOT, env=env, check=True)
