"""Settings of the generated corpus."""

from pydantic import Field

from emotion.core.limits import Seed
from emotion.core.settings import Settings


class Synthesize(Settings):
    """The generated corpus."""

    seed: Seed = Field(default=1, description="of the generated corpus; a whole number >= 0")


class SynthesizeStage(Settings):
    """What the stage `synthesize` reads of params.yaml."""

    synthesize: Synthesize = Synthesize()
