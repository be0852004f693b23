"""YuNet's weights: which file, where it is kept, and how it comes there when a user asks for it.

They are OpenCV Zoo's (MIT), 230 kB, and run on OpenCV 4 and 5. One copy per user is kept in the assets folder of the
Hugging Face cache (`HF_HOME`, `HF_ASSETS_CACHE`), so that every clone and every queued experiment finds it.
"""

import hashlib
import tempfile
from logging import ERROR
from pathlib import Path
from typing import Final

from huggingface_hub import constants, hf_hub_download
from huggingface_hub.utils import logging
from huggingface_hub.utils.tqdm import disable_progress_bars

from emotion.core.errors import EmotionError, cannot, check_waits
from emotion.core.files import writing
from emotion.core.text import shortened

FILE: Final = "face_detection_yunet_2026may.onnx"
SHA256: Final = "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0"
COMMAND: Final = "emotion fetch yunet"
_SIZE: Final = 229_738  # bytes
_PLACES: Final = ("opencv/face_detection_yunet", "pollen-robotics/face_detection_yunet_2026may")  # on the hub


def installed() -> Path:
    """The file, checked.

    Raises:
        EmotionError: it is not there, or damaged; names the command.
    """
    path = _kept()
    if not path.is_file():
        raise EmotionError(f"YuNet's weights are not on this machine: {path}; fetch them once: {COMMAND}")
    _check(path, remedy=f"fetch it again: {COMMAND}")
    return path


def fetch(source: Path | None = None) -> Path:
    """Put the file where `installed` finds it.

    Args:
        source: a copy of it; None = download it from the Hugging Face hub, which nothing else here does.

    Returns:
        Where it is.

    Raises:
        EmotionError: the hub cannot be reached, or it is another file.
    """
    content = _download() if source is None else _check(source, remedy=f"give OpenCV Zoo's {FILE}")
    with writing(_kept()) as partial:
        partial.write_bytes(content)
    return _kept()


def _kept() -> Path:
    return Path(constants.HF_ASSETS_CACHE) / "emotion" / "yunet" / FILE


def _check(path: Path, *, remedy: str) -> bytes:
    """The content, which is ours by its sha256."""
    check_waits(path)
    try:
        with path.open("rb") as file:
            content = file.read(_SIZE + 1)
    except OSError as error:
        raise cannot("be read", path, error) from None
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise EmotionError(f"{path}: its sha256 is {found[:16]}..., expected {SHA256[:16]}... of {FILE}; {remedy}")
    return content


def _download() -> bytes:
    disable_progress_bars()
    logging.set_verbosity(ERROR)  # each of its attempts to reach the hub
    reason = ""
    for place in _PLACES:
        try:
            with tempfile.TemporaryDirectory() as folder:
                return _check(Path(hf_hub_download(place, FILE, local_dir=folder)), remedy="the hub has another")
        except Exception as error:  # the hub's errors, and those of the libraries below it, have no common kind
            reason = f"{place}: {shortened(str(error) or type(error).__name__, most=120)}"
    raise EmotionError(
        f"{FILE}: cannot be downloaded from the Hugging Face hub ({reason}); download it from OpenCV Zoo on another "
        f"machine, then: {COMMAND} --from FILE"
    )
