"""What every encoder offers: a batch of one modality in, one vector per utterance out, a folder that holds it all."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Generator, Tensor, nn

from emotion.errors import EmotionError
from emotion.files import writing

SETTINGS = "settings.json"
WEIGHTS = "model.safetensors"
E = TypeVar("E", bound="Encoder")


class Encoder(nn.Module):
    """Base of the encoders; subclasses give settings, collate, cost and forward.

    Attributes:
        modality: audio, face or text.
        name: kind of encoder, e.g. `paper`.
        rates: prefix of parameter names -> factor on the learning rate while fitting; 0 = frozen.
        dim: size of the vector.
        together: most utterances of one batch while extracting; part of what determines the last bits of the result.
    """

    modality: ClassVar[str]
    name: ClassVar[str]
    rates: Mapping[str, float] = MappingProxyType({})
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
        head = {"modality": self.modality, "name": self.name, "settings": self.settings()}
        (folder / SETTINGS).write_text(json.dumps(head, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        weights = {name: value.detach().cpu().contiguous() for name, value in self.state_dict().items()}
        with writing(folder / WEIGHTS, SafetensorError) as partial:
            save_file(weights, partial)
        self.save_extra(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read an encoder that `save` wrote, in eval mode on the CPU; needs no network.

        Raises:
            EmotionError: the folder is missing, incomplete, damaged or of another encoder.
        """
        settings = _read_settings(cls, folder)
        try:
            encoder = cls(**settings)
        except TypeError as error:
            raise EmotionError(
                f"{folder / SETTINGS}: settings of another version ({error}); fit the {cls.modality} encoder again"
            ) from None
        encoder.load_extra(folder)
        path = folder / WEIGHTS
        try:
            encoder.load_state_dict(load_file(path))
        except (OSError, SafetensorError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise EmotionError(f"{path}: cannot be used ({reason}); fit the {cls.modality} encoder again") from None
        return encoder.eval()

    def save_extra(self, folder: Path) -> None:
        """Write what settings and weights do not hold."""

    def load_extra(self, folder: Path) -> None:
        """Read what `save_extra` wrote; called before the weights are loaded."""


def load_one_of(kinds: Sequence[type[E]], folder: Path) -> E:
    """Read a fitted encoder of one of several kinds of the same modality; see `Encoder.load`."""
    name = read_head(folder, kinds[0].modality)[1]
    return next((kind for kind in kinds if kind.name == name), kinds[0]).load(folder)


def _read_settings(cls: type[Encoder], folder: Path) -> dict[str, Any]:
    modality, name, settings = read_head(folder, cls.modality)
    if (modality, name) != (cls.modality, cls.name):
        found, expected = f"{modality} encoder '{name}'", f"{cls.modality} encoder '{cls.name}'"
        raise EmotionError(
            f"{folder / SETTINGS}: holds the {found}, expected the {expected}; fit the {cls.modality} encoder again"
        )
    return settings


def read_head(folder: Path, modality: str = "") -> tuple[str, str, dict[str, Any]]:
    """Modality, name and settings of a fitted encoder, which should be of a certain modality.

    Raises:
        EmotionError: there are none, or they are damaged.
    """
    path = folder / SETTINGS
    mend = f"fit the {modality} encoder again".replace("  ", " ")
    try:
        head = json.loads(path.read_text(encoding="utf-8"))
        return str(head["modality"]), str(head["name"]), dict(head["settings"])
    except FileNotFoundError:
        raise EmotionError(f"{path}: not found; {mend}") from None
    except (ValueError, KeyError, TypeError):
        raise EmotionError(f"{path}: not the settings of an encoder; {mend}") from None
