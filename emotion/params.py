"""All of params.yaml, for what looks at the whole: `emotion params`, studies that fit encoders, the stage `code`.

Each stage reads its own part (`core.settings.read_part`), from the settings of its room.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emotion.core import plugins
from emotion.core.limits import MODALITIES
from emotion.core.settings import Settings, expectation, read_part
from emotion.core.text import shortened
from emotion.corpus.settings import IndexStage
from emotion.corpus.synthetic.settings import SynthesizeStage
from emotion.encoders import settings as encoders
from emotion.extraction.settings import FacesStage, FitAudio, FitText
from emotion.fusion.settings import FuseStage, check_together
from emotion.media.settings import Clips


class Face(Clips, encoders.Face):
    """Face clips and face encoder."""


class Params(FuseStage, FitAudio, FitText, FacesStage, SynthesizeStage, IndexStage):
    """Every key."""

    face: Face = Face()


class _Encoder(Settings):
    encoder: str = ""


class Named(Settings):
    """The keys that may name a plugin."""

    corpus: str = ""
    model: str = ""
    audio: _Encoder = _Encoder()
    face: _Encoder = _Encoder()
    text: _Encoder = _Encoder()

    def by_stage(self) -> dict[str, list[str]]:
        """Script of a stage -> files of the plugins that it runs; see `plugins.files`."""
        found = {"index": self.corpus, "fuse": self.model}
        for modality in MODALITIES:
            found |= dict.fromkeys((f"fit_{modality}", f"extract_{modality}"), getattr(self, modality).encoder)
        return {stage: plugins.files_of([name]) for stage, name in found.items()}


def read_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml.

    Raises:
        EmotionError: the file is missing or no YAML, or a key is unknown, missing, of the wrong type or impossible; the
            message names file, key, value and expectation.
    """
    params = read_part(Params, path, others=False)
    check_together(params.model, dict(params), source=str(path))
    return params


@dataclass(frozen=True)
class Row:
    """One key: its name with the section's, meaning, what it may be, default and value as they are written."""

    key: str
    meaning: str
    expected: str
    default: str
    value: str


def rows(default: Settings, value: Settings, *, prefix: str = "") -> Iterator[Row]:
    """Every key of settings, section by section, beside the defaults."""
    for name, info in type(default).model_fields.items():
        ours, theirs = getattr(default, name), getattr(value, name)
        if isinstance(ours, Settings):
            yield from rows(ours, theirs, prefix=f"{prefix}{name}.")
        else:
            yield Row(prefix + name, info.description or "", expectation(info), written(ours), written(theirs))


def written(value: object) -> str:
    """A setting as it stands in YAML, on one short line: `3e-4` and 0.0003 are the same, so are `1` and 1.0."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if isinstance(value, float) else shortened(str(value))
