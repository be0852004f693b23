"""All of params.yaml, for what looks at the whole: `emotion params`, studies that fit encoders, the stage `code`.

Each stage reads its own part (`core.settings.read_part`), from the settings of its room.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.core.limits import MODALITIES
from emotion.core.settings import Settings, expectation, read_changes, read_part, read_settings
from emotion.core.text import quoted, shortened
from emotion.corpus.settings import IndexStage
from emotion.corpus.synthetic.settings import SynthesizeStage
from emotion.encoders import settings as encoders
from emotion.extraction.settings import FacesStage, FitAudio, FitText
from emotion.fusion.models import registry
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
    """The keys that name code: a model, or a plugin."""

    corpus: str = ""
    model: str = ""
    audio: _Encoder = _Encoder()
    face: _Encoder = _Encoder()
    text: _Encoder = _Encoder()

    def by_stage(self) -> dict[str, list[str]]:
        """Script of a stage -> files that it runs because a key names them; see `plugins.files`, `registry.files`."""
        found = {"index": self.corpus}
        for modality in MODALITIES:
            found |= dict.fromkeys((f"fit_{modality}", f"extract_{modality}"), getattr(self, modality).encoder)
        return {"fuse": registry.files(self.model)} | {stage: plugins.files_of([name]) for stage, name in found.items()}


def read_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml.

    Raises:
        EmotionError: the file is missing or no YAML, or a key is unknown, missing, of the wrong type or impossible; the
            message names file, key, value and expectation.
    """
    params = read_part(Params, path, others=False)
    check_together(params.model, dict(params), source=str(path))
    return params


def changed(params: Params, changes: Sequence[str]) -> Params:
    """The settings with some values replaced, each written like `lr=1e-3` or `face.size=64`.

    Raises:
        EmotionError: one has not this form, names no key, or its value is impossible.
    """
    values = params.model_dump()
    for key, value in read_changes(changes).items():
        *above, last = key.split(".")
        inside = values
        for name in above:
            if not isinstance(inside.get(name), dict):
                raise EmotionError(f"--set {shortened(key)}: there is no section {quoted(name)}; see emotion params")
            inside = inside[name]
        inside[last] = value
    found = read_settings(Params, values, source="--set")
    check_together(found.model, dict(found), source="--set")
    return found


def as_yaml(settings: Settings) -> str:
    """Settings as a file that `read_params` reads."""
    lines = []
    for name, value in settings.model_dump().items():
        section = value if isinstance(value, dict) else None
        lines.append(f"{name}:" if section is not None else f"{name}: {json.dumps(value, ensure_ascii=False)}")
        for key, inner in (section or {}).items():
            lines.append(f"  {key}: {json.dumps(inner, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


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
