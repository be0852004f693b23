"""What encoders with a transformers body share: which layers, pooling, frozen or fine-tuned, projection.

body        (b, t, hidden)   hidden states of the layers that are wanted, and a mask;
            (b, 1, classes)  with a head: its probabilities
pooling     (b, width)       mean, mean and standard deviation, or first token; padding never counts
projection  (b, dim)         linear, learned while fitting; dim 0 = none
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from emotion.core.errors import EmotionError
from emotion.core.memory import at_most
from emotion.encoders.base import Encoder
from emotion.encoders.bodies import build_body, read_body, save_config
from emotion.encoders.checkpoint_files import REMEDY, remedied
from emotion.encoders.families import family_of, name_of, tower
from emotion.encoders.heads import labels_of, probabilities
from emotion.encoders.pooling import LAYERS, POOLINGS, choose, pool

_MEMORY = 3 << 30  # bytes that a first input may take
BODY_RATE = 0.05  # learning rate of a fine-tuned body relative to that of the layers above it


class Transformer(Encoder):
    """A body with pooling and projection; subclasses say how inputs become its batches.

    The body comes with `prepare` (new) or `load` (fitted); before, the encoder is only its settings.

    Args:
        encoder: name or local folder of a checkpoint.
        layers: see `pooling.choose`.
        pooling: see `pooling.pool`.
        tune: whether fitting changes the body, at a twentieth of the learning rate; otherwise it is frozen.
        dim: size of the vector; 0 = as the pooling gives it.
        dropout: before the projection.
        head: give the probabilities of the checkpoint's own classification head instead of hidden states.
        labels: names of the head's classes; the checkpoint says them.

    Raises:
        EmotionError: an option is impossible, or impossible beside `head`.
    """

    name: ClassVar[str] = "pretrained"
    body: Any

    def __init__(
        self,
        *,
        encoder: str,
        layers: str | int = "last",
        pooling: str = "mean",
        tune: bool = False,
        dim: int = 0,
        dropout: float = 0.1,
        head: bool = False,
        labels: Sequence[str] = (),
    ) -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise EmotionError(f"{self.modality}.pooling is {pooling!r}, expected one of {', '.join(POOLINGS)}")
        self.encoder, self.layers, self.pooling, self.tune = encoder, layers, pooling, tune
        self.dropout, self._wanted, self.dim = dropout, dim, dim
        self.head, self.labels = head, list(labels)
        if head:
            self._check_alone()
        self.rates = {"body.": BODY_RATE if tune else 0.0}
        self.drop = nn.Dropout(dropout)

    def settings(self) -> dict[str, Any]:
        """See `Encoder.settings`."""
        names = ("encoder", "layers", "pooling", "tune", "dropout", *(("head", "labels") if self.head else ()))
        return {name: getattr(self, name) for name in names} | {"dim": self._wanted}

    def _check_alone(self) -> None:
        """Raise EmotionError where an option would change what a head gives."""
        for key, found, wanted in (
            ("dim", self._wanted, 0),
            ("tune", self.tune, False),
            ("layers", self.layers, "last"),
            ("pooling", self.pooling, "mean"),
        ):
            if found != wanted:
                raise EmotionError(
                    f"{self.modality}.head is true, so the head's own probabilities are kept: set "
                    f"{self.modality}.{key}: {str(wanted).lower()} (it is {str(found).lower()})"
                )

    @property
    def trains(self) -> bool:
        """See `Encoder.trains`."""
        return self.tune or self._wanted > 0

    def attach(self, body: Any) -> None:  # noqa: ANN401 - each architecture has its own class
        """Take a body into use and draw the projection.

        Raises:
            EmotionError: layers or pooling are impossible with it.
        """
        config, self.family = tower(body.config), family_of(body.config)
        states = config.num_hidden_layers
        if self.layers not in (*LAYERS, *range(states + 1)):
            raise EmotionError(
                f"{self.modality}.layers is {self.layers}, but {self.encoder} has {states} layers; "
                f"expected last, last4, all or a number from 0 to {states}"
            )
        allowed = self.family.poolings
        if self.pooling not in allowed:
            raise EmotionError(
                f"{self.modality}.pooling is {self.pooling}, but {name_of(config)} has no such token; expected "
                f"{' or '.join(allowed)}"
            )
        # Frozen by `run` and `rates`: where weights want no gradient, torch multiplies unordered memory (WavLM's) by a
        # slower kernel, which costs a fifth of the time.
        self.body = body
        self.dim = config.hidden_size * (2 if self.pooling == "mean_std" else 1)
        if self.head:
            self.labels = labels_of(body.config)
            self.dim = len(self.labels)
        if self._wanted:
            self.project = nn.Linear(self.dim, self._wanted)
            self.dim = self._wanted

    def train(self, mode: bool = True) -> Self:
        """Training mode; a frozen body stays in eval mode: without dropout."""
        super().train(mode)
        if hasattr(self, "body"):
            self.body.train(mode and self.tune)
        return self

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """One vector per input, (b, dim)."""
        return self.projected(self.pooled(*self.hidden(batch)))

    def hidden(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Hidden states (b, t, hidden) and which are real (b, t)."""
        raise NotImplementedError

    def pooled(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """(b, t, hidden) -> (b, width)."""
        return pool(hidden, mask, self.pooling)

    def projected(self, vectors: Tensor) -> Tensor:
        """(..., width) -> (..., dim)."""
        result: Tensor = self.project(self.drop(vectors)) if self._wanted else vectors
        return result

    def run(self, **inputs: Tensor) -> Tensor:
        """Inputs through the body, without gradients where it is frozen -> the layers that are wanted.

        With a head its probabilities, (b, 1, classes): as if there were one token or frame.
        """
        self.ready()
        with torch.set_grad_enabled(self.tune and torch.is_grad_enabled()):
            output = self.body(**inputs, output_hidden_states=self.layers != "last")
        return probabilities(output, self.body.config) if self.head else choose(output, self.layers)

    def attach_checkpoint(self) -> None:
        """Read the checkpoint's body and attach it; EmotionError where it cannot be used."""
        with remedied(self.encoder, "config.json", self.modality):
            self.attach(read_body(self.encoder, self.modality, head=self.head))

    def try_out(self, example: Any) -> None:  # noqa: ANN401 - each modality has its own inputs
        """Encode one input; EmotionError where the checkpoint does not work, or gives values that are not finite."""
        before = self.training
        with remedied(self.encoder, "weights", self.modality), at_most(_MEMORY), torch.no_grad():
            found = self.eval().sequences(self.collate([example]))[0]
        self.train(before)
        if not bool(found.isfinite().all()):
            raise EmotionError(
                f"{self.modality} encoder {self.encoder}: its weights give values that are not finite; {REMEDY}"
            )

    def ready(self) -> None:
        """Raise EmotionError where there is no body yet."""
        if not hasattr(self, "body"):
            raise EmotionError(
                f"the {self.modality} encoder has no body and no tokenizer yet: fit it (prepare), or load a fitted one"
            )

    def save_extra(self, folder: Path) -> None:
        """Write the body's configuration."""
        self.ready()
        save_config(self.body, folder)

    def load_extra(self, folder: Path) -> None:
        """Build the body."""
        self.attach(build_body(folder, self.modality, head=self.head))
