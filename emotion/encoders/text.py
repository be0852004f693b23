"""The paper's text encoder (section 3.4): tokenizer -> RoBERTa -> mean over the tokens -> 300 dimensions."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Generator, Tensor, nn
from transformers import PreTrainedTokenizerBase, RobertaConfig, RobertaModel

from emotion.corpus.utterance import Utterance
from emotion.encoders.base import Encoder
from emotion.encoders.pretrained import load_shape, load_text_checkpoint, save_shape
from emotion.encoders.tokenizer import learn_tokenizer
from emotion.errors import ABSENT, EmotionError, MediaError

_RESERVED = 2  # RoBERTa counts positions from its padding token's number + 1


class TextEncoder(Encoder):
    """Text to one vector.

    The body and its tokenizer come with `prepare` (new) or `load` (fitted); before, the encoder is only its settings.

    Args:
        encoder: `scratch`, for a small RoBERTa and a tokenizer of the training split's own text; otherwise the name or
            local folder of a RoBERTa checkpoint.
        dim: size of the vector.
        body_rate: learning rate of a checkpoint's body relative to that of the layers above it; 0 = frozen.
        vocabulary: most tokens of `scratch`.
        hidden: width of `scratch`.
        layers: number of transformer layers of `scratch`.
        heads: attention heads of `scratch`.
        limit: most tokens of one text for `scratch`; what is longer is cut.
        dropout: of `scratch`, and before the linear layer.
        masked: share of tokens that are hidden from the encoder while fitting.
    """

    modality: ClassVar[str] = "text"
    name: ClassVar[str] = "roberta"

    def __init__(
        self,
        *,
        encoder: str = "scratch",
        dim: int = 300,
        body_rate: float = 0.05,
        vocabulary: int = 1000,
        hidden: int = 128,
        layers: int = 2,
        heads: int = 4,
        limit: int = 126,
        dropout: float = 0.2,
        masked: float = 0.1,
    ) -> None:
        super().__init__()
        self.encoder, self.dim, self.body_rate = encoder, dim, body_rate
        self.vocabulary, self.hidden, self.layers, self.heads = vocabulary, hidden, layers, heads
        self.limit, self.dropout, self.masked = limit, dropout, masked
        if encoder != "scratch":
            self.rates = {"body.": body_rate}
        self.tokenizer: PreTrainedTokenizerBase | None = None
        self.drop = nn.Dropout(dropout)

    def settings(self) -> dict[str, Any]:
        """See `Encoder.settings`."""
        names = ("encoder", "dim", "body_rate", "vocabulary", "hidden", "layers", "heads", "limit", "dropout", "masked")
        return {name: getattr(self, name) for name in names}

    def prepare(self, inputs: Sequence[str]) -> None:
        """Learn the tokenizer and draw a new body, or load the checkpoint.

        Raises:
            EmotionError: the checkpoint cannot be used.
        """
        if self.encoder == "scratch":
            tokenizer = learn_tokenizer(inputs, vocabulary=self.vocabulary, limit=self.limit)
            self._attach(RobertaModel(self._small(len(tokenizer)), add_pooling_layer=False), tokenizer)
        else:
            self._attach(*load_text_checkpoint(self.encoder))

    def _small(self, tokens: int) -> RobertaConfig:
        return RobertaConfig(
            vocab_size=tokens,
            hidden_size=self.hidden,
            num_hidden_layers=self.layers,
            num_attention_heads=self.heads,
            intermediate_size=4 * self.hidden,
            max_position_embeddings=self.limit + _RESERVED,
            hidden_dropout_prob=self.dropout,
            attention_probs_dropout_prob=self.dropout,
            type_vocab_size=1,
        )

    def _attach(self, body: Any, tokenizer: PreTrainedTokenizerBase) -> None:  # noqa: ANN401 - transformers is untyped
        size, known = body.config.vocab_size, len(tokenizer)
        if 2 * known < size or tokenizer.pad_token_id is None or tokenizer.mask_token_id is None:
            raise EmotionError(
                f"text encoder: its tokenizer has {known} tokens, the model {size}: files of the tokenizer are missing "
                "or of another model; complete the checkpoint's folder, or fit the text encoder again"
            )
        body.pooler = None  # the mean over the tokens takes its place
        self.body, self.tokenizer = body, tokenizer
        self.project = nn.Linear(body.config.hidden_size, self.dim)
        self.most = min(tokenizer.model_max_length, body.config.max_position_embeddings - _RESERVED)

    def _ready(self) -> PreTrainedTokenizerBase:
        if self.tokenizer is None:
            raise EmotionError("the text encoder has no tokenizer yet: fit it (prepare), or load a fitted one")
        return self.tokenizer

    def cost(self, item: str) -> int:
        """Tokens."""
        return len(self._ready()(item, truncation=True, max_length=self.most)["input_ids"])

    def collate(self, inputs: Sequence[str]) -> dict[str, Tensor]:
        """Texts -> tokens (b, t) long and mask (b, t) bool; an empty text has its start and end tokens only."""
        made = self._ready()(list(inputs), padding=True, truncation=True, max_length=self.most, return_tensors="pt")
        return {"tokens": made["input_ids"], "mask": made["attention_mask"].bool()}

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """Tokens and mask (b, t) -> (b, dim)."""
        mask = batch["mask"]
        hidden = self.body(input_ids=batch["tokens"], attention_mask=mask.long()).last_hidden_state  # (b, t, hidden)
        weight = mask[..., None].to(hidden.dtype)
        mean = (hidden * weight).sum(1) / weight.sum(1)  # (b, hidden)
        vector: Tensor = self.project(self.drop(mean))
        return vector

    def augment(self, batch: dict[str, Tensor], generator: Generator) -> dict[str, Tensor]:
        """Hide some tokens behind the mask token, never those for start, end and padding."""
        tokens, tokenizer = batch["tokens"], self._ready()
        special = torch.tensor(tokenizer.all_special_ids, device=tokens.device)
        chosen = torch.rand(tokens.shape, generator=generator).to(tokens.device) < self.masked
        chosen &= ~torch.isin(tokens, special)
        return batch | {"tokens": tokens.masked_fill(chosen, tokenizer.mask_token_id)}

    def save_extra(self, folder: Path) -> None:
        """Write the body's configuration and the tokenizer."""
        save_shape(self.body, self._ready(), folder)

    def load_extra(self, folder: Path) -> None:
        """Build the body and read the tokenizer."""
        self._attach(*load_shape(folder))


def read_text(row: Utterance) -> str:
    """What is said in an utterance.

    Raises:
        MediaError: the corpus has no text for it.
    """
    if not row.text.strip():
        raise MediaError(f"no text: {ABSENT}")
    return row.text
