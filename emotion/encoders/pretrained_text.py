"""Text checkpoints: RoBERTa (XLM-R, CamemBERT), BERT, DeBERTa, MPNet."""

from collections.abc import Sequence
from typing import ClassVar

from emotion.encoders.pretrained import read_body, read_config, read_tokenizer
from emotion.encoders.remedies import remedied
from emotion.encoders.text import TextTransformer


class PretrainedText(TextTransformer):
    """Text to one vector, or to one per word, by a checkpoint.

    Args:
        encoder: see `Transformer`, as for the others but the last two.
        layers: whose hidden states are used, see `pooling.choose`.
        pooling: how they become one vector, see `pooling.pool`.
        tune: whether fitting changes the checkpoint; otherwise it is frozen.
        dim: size of the vector; 0 = as the pooling gives it.
        dropout: share 0..1 of activations dropped before the projection.
        level: see `TextTransformer`.
        masked: see `TextTransformer`.
    """

    name: ClassVar[str] = "pretrained"

    def __init__(
        self,
        *,
        encoder: str,
        layers: str | int = "last",
        pooling: str = "mean",
        tune: bool = False,
        dim: int = 0,
        dropout: float = 0.2,
        level: str = "utterance",
        masked: float = 0.1,
    ) -> None:
        super().__init__(
            encoder=encoder,
            layers=layers,
            pooling=pooling,
            tune=tune,
            dim=dim,
            dropout=dropout,
            level=level,
            masked=masked,
        )

    def prepare(self, inputs: Sequence[str]) -> None:
        """Load the checkpoint and its tokenizer.

        Raises:
            EmotionError: they cannot be used.
        """
        with remedied(self.encoder, "config.json", self.modality):
            vocabulary = int(read_config(self.encoder, self.modality).vocab_size)
            tokenizer = read_tokenizer(self.encoder, vocabulary=vocabulary)
            self.use(read_body(self.encoder, self.modality), tokenizer)
        self.try_out("hello there")
