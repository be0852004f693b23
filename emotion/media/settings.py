"""Settings of the face clips."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from emotion.core.limits import Count, checked
from emotion.core.settings import Expected, Settings

SCORE: Final = 0.7  # of 41 faces on photographs YuNet gives 39 as much, and only 32 OpenCV's own least score of 0.9


def _is_detector(value: str) -> bool:
    return value in ("haar", "yunet") or value.endswith(".onnx")


class Clips(Settings):
    """Finding and cutting out the speaker's face."""

    detector: Annotated[str, checked(_is_detector, "haar, yunet or the path of a .onnx file")] = Field(
        default="haar",
        description="haar (comes with OpenCV 4) | yunet (after `emotion fetch yunet`) | FILE.onnx, another YuNet",
    )
    score: Annotated[float, Field(ge=0.1, le=0.99), Expected("a number from 0.1 to 0.99 (float)")] = Field(
        default=SCORE, description="least score of a face that YuNet finds, 0.1 to 0.99; haar does not use it"
    )
    detect_every: Count = Field(default=5, description="kept frames between two detections, > 0")
    fallback: Literal["none", "iemocap"] = Field(
        default="none",
        description="none | iemocap; what a clip shows where no face is found: nothing, or where IEMOCAP's actors sit",
    )
    size: Annotated[int, Field(ge=16, le=512), Expected("a whole number of pixels from 16 to 512 (int)")] = Field(
        default=48, description="px, side of the square face clips"
    )
    colour: Literal["grey", "rgb"] = Field(
        default="grey",
        description="grey | rgb (three times as large, for checkpoints; paper takes grey) of the face clips",
    )
    fps: Annotated[float, Field(gt=0, le=1000), Expected("a number > 0 and <= 1000 (float)")] = Field(
        default=15.0, description="frames kept per second of video, > 0"
    )

    def used(self) -> dict[str, Any]:
        """The settings that clips made with these depend on."""
        unused = {"score"} if self.detector == "haar" else set()
        usual = {"colour"} if self.colour == "grey" else set()
        return self.model_dump(include=set(Clips.model_fields) - unused - usual)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a frame: (size, size), or (size, size, 3) in colour."""
        return (self.size, self.size) if self.colour == "grey" else (self.size, self.size, 3)
