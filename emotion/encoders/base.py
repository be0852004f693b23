"""What every encoder offers: a batch of one modality in, one vector per utterance out, a folder that holds it all."""

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Generator, Tensor, nn

from emotion.core import plugins
from emotion.core.errors import EmotionError
from emotion.core.files import writing
from emotion.core.objects import read_object
from emotion.core.text import quoted, shortened

SETTINGS = "settings.json"
WEIGHTS = "model.safetensors"
PLUGIN = "plugin"  # digest of the code of an encoder of one's own
_LARGEST = 1_000_000  # of any number in the settings


class Encoder(nn.Module):
    """Base of the encoders; subclasses give settings, collate, cost and forward.

    Attributes:
        modality: audio, face or text.
        name: kind of encoder, e.g. `paper`; of one's own `plugins/FILE.py:CLASS`.
        rates: prefix of parameter names -> factor on the learning rate while fitting; 0 = frozen.
        dim: size of the vector.
        libraries: packages beside ours whose version counts.
        together: most utterances of one batch while extracting; part of what determines the last bits of the result.
    """

    modality: ClassVar[str]
    name: ClassVar[str]
    rates: Mapping[str, float] = MappingProxyType({})
    libraries: ClassVar[tuple[str, ...]] = ()
    together: int = 32
    dim: int

    def settings(self) -> dict[str, Any]:
        """JSON values; `type(self)(**settings)` builds an encoder of the same shape."""
        raise NotImplementedError

    def collate(self, inputs: Sequence[Any]) -> dict[str, Tensor]:
        """Join inputs to one batch on the CPU, padded and masked."""
        raise NotImplementedError

    def cost(self, item: Any) -> int:  # noqa: ANN401 - each modality has its own inputs
        """Samples, frames or tokens of one input; batches are made of inputs of like cost."""
        raise NotImplementedError

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """One vector per input, (b, dim) float32."""
        raise NotImplementedError

    def sequences(self, batch: dict[str, Tensor]) -> list[Tensor]:
        """What extraction stores of each input: (t_i, dim); one row, unless the encoder keeps several (words)."""
        return [row[None] for row in self(batch)]

    def remarks(self, item: Any) -> dict[str, str]:  # noqa: ANN401
        """What is odd about an input that is used all the same: kind -> what was found."""
        return {}

    @property
    def trains(self) -> bool:
        """Whether fitting changes it; False for a frozen checkpoint without a projection, which is only saved."""
        return True

    def prepare(self, inputs: Sequence[Any]) -> None:
        """Fit what is not trained by gradients (e.g. a tokenizer) on the inputs of the training split."""

    def augment(self, batch: dict[str, Tensor], generator: Generator) -> dict[str, Tensor]:
        """Vary a training batch; `generator` is on the CPU, the batch on any device."""
        return batch

    def save(self, folder: Path) -> None:
        """Write settings and weights (safetensors) to `folder`; the same encoder gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        head = {"modality": self.modality, "name": self.name, "settings": self.settings()} | self.code()
        (folder / SETTINGS).write_text(json.dumps(head, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        weights = {name: value.detach().cpu().contiguous() for name, value in self.state_dict().items()}
        with writing(folder / WEIGHTS, SafetensorError) as partial:
            save_file(weights, partial)
        self.save_extra(folder)

    def code(self) -> dict[str, str]:
        """The digest of the code of an encoder of one's own; nothing of ours."""
        return {PLUGIN: plugins.digest(self.name)} if plugins.is_name(self.name) else {}

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read an encoder that `save` wrote, in eval mode on the CPU; needs no network.

        Raises:
            EmotionError: the folder is missing, incomplete, damaged or of another encoder.
        """
        settings = _read_settings(cls, folder)
        try:
            encoder = cls(**settings)
        except Exception as error:  # what torch says of sizes that cannot be has many types
            raise EmotionError(
                f"{folder / SETTINGS}: settings of another version ({shortened(str(error))}); {fit_again(cls.modality)}"
            ) from None
        encoder.load_extra(folder)
        path = folder / WEIGHTS
        try:
            encoder.load_state_dict(load_file(path))
        except (OSError, SafetensorError, RuntimeError) as error:
            raise EmotionError(f"{path}: cannot be used ({shortened(str(error))}); {fit_again(cls.modality)}") from None
        return encoder.eval()

    def save_extra(self, folder: Path) -> None:
        """Write what settings and weights do not hold."""

    def load_extra(self, folder: Path) -> None:
        """Read what `save_extra` wrote; called before the weights are loaded."""


def checkpoint_hash(encoders: Sequence[Encoder]) -> str:
    """Sha256 over the weights, in the order of their names, and over whatever else the encoders save (tokenizer)."""
    digest = hashlib.sha256()
    for encoder in encoders:
        for name, value in sorted(encoder.state_dict().items()):
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
            digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        with tempfile.TemporaryDirectory() as name:
            encoder.save_extra(Path(name))
            for path in sorted(Path(name).rglob("*")):
                if path.is_file():
                    digest.update(f"{path.relative_to(name).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _read_settings(cls: type[Encoder], folder: Path) -> dict[str, Any]:
    modality, name, settings, _ = read_head(folder, cls.modality)
    if (modality, name) != (cls.modality, cls.name):
        found, expected = f"{shortened(modality)} encoder {quoted(name)}", f"{cls.modality} encoder '{cls.name}'"
        raise EmotionError(
            f"{folder / SETTINGS}: holds the {found}, expected the {expected}; {fit_again(cls.modality)}"
        )
    return settings


def read_head(folder: Path, modality: str = "") -> tuple[str, str, dict[str, Any], object]:
    """Modality, name, settings and digest of the code of a fitted encoder, which should be of a certain modality.

    Raises:
        EmotionError: there are none, or they are damaged.
    """
    path = folder / SETTINGS
    remedy = fit_again(modality)
    head = read_object(path, remedy=remedy)
    found, name, settings = (head.get(key) for key in ("modality", "name", "settings"))
    if not isinstance(found, str) or not isinstance(name, str) or not isinstance(settings, dict):
        raise EmotionError(f"{path}: not the settings of an encoder; {remedy}")
    for key, value in settings.items():
        if isinstance(value, int | float) and not 0 <= value <= _LARGEST:
            raise EmotionError(f"{path}: {shortened(key)} is {quoted(value)}, expected at most {_LARGEST}; {remedy}")
    return found, name, settings, head.get(PLUGIN)


def fit_again(modality: str) -> str:
    """The remedy where a fitted encoder's folder is damaged or of another version."""
    what = f"the {modality} encoder" if modality else "the encoder"
    return f"fit {what} again: dvc repro" + (f" -s fit@{modality}" if modality else "")
