"""Settings of the face clips."""

from typing import Annotated, Literal

from pydantic import Field

from emotion.core.limits import Count, checked
from emotion.core.settings import Expected, Settings


def _is_detector(value: str) -> bool:
    return value == "haar" or value.endswith(".onnx")


class Clips(Settings):
    """Finding and cutting out the speaker's face."""

    detector: Annotated[str, checked(_is_detector, "haar or the path of a .onnx file")] = Field(
        default="haar", description="haar (comes with OpenCV) | path of a YuNet model (.onnx)"
    )
    detect_every: Count = Field(default=5, description="kept frames between two detections, > 0")
    fallback: Literal["none", "iemocap"] = Field(
        default="none",
        description="none | iemocap; what a clip shows where no face is found: nothing, or where IEMOCAP's actors sit",
    )
    size: Annotated[int, Field(ge=16, le=512), Expected("a whole number of pixels from 16 to 512 (int)")] = Field(
        default=48, description="px, side of the square face clips"
    )
    fps: Annotated[float, Field(gt=0, le=1000), Expected("a number > 0 and <= 1000 (float)")] = Field(
        default=15.0, description="frames kept per second of video, > 0"
    )
