"""What the stages `faces`, `fit` and `extract` read of params.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from emotion.core.limits import Share
from emotion.core.settings import Expected, Settings
from emotion.encoders.settings import Audio, Face, Fitting, Sound, Text
from emotion.media.settings import Clips


class Length(Settings):
    """How much of an utterance is read."""

    max_seconds: Annotated[float, Field(gt=0, le=86_400), Expected("a number of seconds > 0 and <= 86400 (float)")] = (
        Field(
            default=600,
            description="s, the longest utterance that is read whole, > 0; a longer one is cut, and counted",
        )
    )


class Missing(Settings):
    """What happens where a medium is missing or broken."""

    max_missing: Share = Field(
        default=0.2,
        description="share 0..1 of utterances that may lack a modality before extraction stops with an error",
    )
    on_error: Literal["skip", "fail"] = Field(
        default="skip", description="skip | fail; a missing or broken file is marked as missing, or is an error"
    )


class FacesStage(Missing, Length):
    """Of `faces`."""

    face: Clips = Clips()


class _Fit(Settings):
    fit: Fitting = Fitting()


class FitAudio(_Fit, Length):
    """Of `fit@audio`."""

    audio: Audio = Audio()


class FitFace(_Fit):
    """Of `fit@face`."""

    face: Face = Face()


class FitText(_Fit):
    """Of `fit@text`."""

    text: Text = Text()


class ExtractAudio(Missing, Length):
    """Of `extract@audio`."""

    audio: Sound = Sound()
