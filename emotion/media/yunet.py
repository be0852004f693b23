"""YuNet's weights: OpenCV Zoo's (MIT), 230 kB; they run on OpenCV 4 and 5."""

from pathlib import Path
from typing import Final

from emotion.core.assets import HUB, Asset, File

FILE: Final = "face_detection_yunet_2026may.onnx"
YUNET: Final = Asset(
    name="yunet",
    what="YuNet's weights",
    origin="OpenCV Zoo",
    files={FILE: File(229_738, "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0")},
    places=(f"{HUB}opencv/face_detection_yunet", f"{HUB}pollen-robotics/face_detection_yunet_2026may"),
)


def installed() -> Path:
    """The file, checked.

    Raises:
        EmotionError: it is not there, or damaged; names the command.
    """
    return YUNET.installed() / FILE
