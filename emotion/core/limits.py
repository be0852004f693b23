"""What the settings of several rooms share: kinds of numbers with their limits, and the names of the modalities."""

import math
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field

from emotion.core.settings import Expected

MODALITIES = ("audio", "face", "text")
Positive = Annotated[float, Field(gt=0, lt=math.inf), Expected("a finite number > 0 (float)")]
Natural = Annotated[float, Field(ge=0, lt=math.inf), Expected("a finite number >= 0 (float)")]
Share = Annotated[float, Field(ge=0, le=1), Expected("a number from 0 to 1 (float)")]
BelowOne = Annotated[float, Field(ge=0, lt=1), Expected("a number from 0 to below 1 (float)")]
Count = Annotated[int, Field(ge=1, le=100_000), Expected("a whole number from 1 to 100000 (int)")]
CountOrNone = Annotated[int, Field(ge=0, le=100_000), Expected("a whole number from 0 to 100000 (int)")]
Seed = Annotated[int, Field(ge=0, lt=2**32), Expected("a whole number from 0 to 4294967295 (int)")]
Hundred = Annotated[int, Field(ge=1, le=100), Expected("a whole number from 1 to 100 (int)")]


def checked(allowed: Callable[[str], bool], expected: str) -> AfterValidator:
    """For `Annotated[str, ...]`: a text that must pass a test, and what is expected of it in words."""

    def check(value: str) -> str:
        if not allowed(value):
            raise ValueError(expected)
        return value

    return AfterValidator(check)
