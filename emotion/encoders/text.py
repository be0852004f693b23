"""The paper's text encoder (section 3.4): tokenizer -> RoBERTa -> mean over the tokens -> 300 dimensions.

The body is small and learned here, or that of a checkpoint: RoBERTa (XLM-R, CamemBERT), BERT and its likes (DistilBERT,
ALBERT, ELECTRA, ModernBERT), DeBERTa, MPNet, or a decoder, Qwen.

tokens      <s> I  am  gl ad  </s>     (t,)
body        h0  h1 h2  h3 h4  h5       (t, hidden)
utterance   mean of all                (1, dim)
word            w1 w2  w3              (words, dim), each the mean of its tokens
"""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from tokenizers import ByteLevelBPETokenizer
from torch import Generator, Tensor
from transformers import PreTrainedTokenizerBase, RobertaConfig, RobertaModel, RobertaTokenizer

from emotion.core.errors import ABSENT, MediaError
from emotion.corpus.utterance import Utterance
from emotion.encoders.bodies import read_body
from emotion.encoders.checkpoint_files import remedied
from emotion.encoders.pooling import check_level, pool_words
from emotion.encoders.pretrained import TOKENIZER, read_config, read_tokenizer, save_tokenizer
from emotion.encoders.transformer import Transformer
from emotion.encoders.unpadded import PACKED, in_runs, is_worth_it, packed

_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]  # RoBERTa's order: 0, 1, 2, 3, 4
_SMALLEST = 256 + len(_SPECIAL)  # every byte is a token: no text is unknown
_MOST = 8192  # tokens of a text: of some checkpoints' hundred thousand the memory would not do
_COUNTED_ON = ("roberta", "xlm-roberta", "camembert", "mpnet")  # positions begin behind the padding token's number


class TextTransformer(Transformer):
    """Text to one vector, or to one per word.

    Args:
        level: what `sequences` gives: `utterance` = one vector; `word` = one per word between spaces, the mean of its
            tokens, brought to `dim` like the whole; fitting always sees the whole.
        masked: share of tokens that are hidden from the encoder while fitting.
        options: see `Transformer`.

    Raises:
        EmotionError: level and pooling do not go together.
    """

    modality: ClassVar[str] = "text"

    def __init__(self, *, level: str = "utterance", masked: float = 0.1, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options)
        check_level("text", level, self.pooling, head=self.head)
        self.level, self.masked = level, masked
        self.tokenizer: PreTrainedTokenizerBase | None = None

    def settings(self) -> dict[str, Any]:
        """See `Encoder.settings`."""
        return super().settings() | {"level": self.level, "masked": self.masked}

    def use(self, body: Any, tokenizer: PreTrainedTokenizerBase) -> None:  # noqa: ANN401 - each has its own class
        """Take body and tokenizer into use."""
        self.attach(body)
        self.tokenizer = tokenizer
        config = body.config
        if self.family.decoder:
            tokenizer.padding_side = tokenizer.truncation_side = "right"  # no token sees those behind it
            config.use_cache, config.pad_token_id = False, tokenizer.pad_token_id  # a head takes the last token
        self.first = config.pad_token_id + 1 if config.model_type in _COUNTED_ON else 0  # position of the first token
        self.most = min(tokenizer.model_max_length, config.max_position_embeddings - self.first, _MOST)

    def _ready(self) -> PreTrainedTokenizerBase:
        self.ready()
        assert self.tokenizer is not None
        return self.tokenizer

    def cost(self, item: str) -> int:
        """Tokens."""
        return len(self._ready()(self._text(item), truncation=True, max_length=self.most)["input_ids"])

    def _text(self, text: str) -> str:
        """A decoder's tokenizer adds nothing to an empty text: it gets one token."""
        tokenizer = self._ready()
        return str(tokenizer.pad_token) if self.family.decoder and not text.strip() else text

    def collate(self, inputs: Sequence[str]) -> dict[str, Tensor]:
        """Texts -> tokens (b, t) long, mask (b, t) bool, and for words (b, t) long: number of the token's word.

        A word's number is -1 for the tokens of start and end, -2 for padding. An empty text has its start and end only.
        """
        texts = [self._text(text) for text in inputs]
        made = self._ready()(
            texts,
            padding=True,
            truncation=True,
            max_length=self.most,
            return_tensors="pt",
            return_offsets_mapping=self.level == "word",
            return_special_tokens_mask=self.level == "word",
        )
        mask = made["attention_mask"].bool()
        batch = {"tokens": made["input_ids"], "mask": mask}
        if self.level == "utterance":
            return batch
        words = torch.full_like(made["input_ids"], -2).masked_fill(mask, -1)
        for row, text in enumerate(texts):
            inside = (mask[row] & ~made["special_tokens_mask"][row].bool()).nonzero().flatten().tolist()
            starts = made["offset_mapping"][row, :, 0].tolist()
            numbers = [_word(text, starts[place]) for place in inside]
            words[row, inside] = torch.tensor(numbers, dtype=torch.long)
        return batch | {"words": words}

    def hidden(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Tokens and mask (b, t) -> hidden states (b, t, hidden), mask (b, t)."""
        states = self.run(input_ids=batch["tokens"], attention_mask=batch["mask"].long())
        return states, batch["mask"]

    def sequences(self, batch: dict[str, Tensor]) -> list[Tensor]:
        """See `Encoder.sequences`; a text of which no word is left gives one vector."""
        if self.level == "utterance":
            return super().sequences(batch)
        return [self.projected(row) for row in pool_words(self.hidden(batch)[0], batch["words"])]

    def augment(self, batch: dict[str, Tensor], generator: Generator) -> dict[str, Tensor]:
        """Hide some tokens behind the mask token, never those for start, end and padding."""
        tokens, tokenizer = batch["tokens"], self._ready()
        if tokenizer.mask_token_id is None:
            return batch
        special = torch.tensor(tokenizer.all_special_ids, device=tokens.device)
        chosen = torch.rand(tokens.shape, generator=generator).to(tokens.device) < self.masked
        chosen &= ~torch.isin(tokens, special)
        return batch | {"tokens": tokens.masked_fill(chosen, tokenizer.mask_token_id)}

    def save_extra(self, folder: Path) -> None:
        """Write the body's configuration and the tokenizer."""
        super().save_extra(folder)
        save_tokenizer(self._ready(), folder)

    def load_extra(self, folder: Path) -> None:
        """Build the body and read the tokenizer."""
        super().load_extra(folder)
        vocabulary = self.body.config.vocab_size
        self.use(self.body, read_tokenizer(str(folder / TOKENIZER), vocabulary=vocabulary))


class TextEncoder(TextTransformer):
    """A small RoBERTa and its tokenizer, both learned from the training split.

    Args:
        dim: size of the vector; 0 = `hidden`.
        pooling: see `pooling.pool`.
        level: see `TextTransformer`.
        vocabulary: most tokens.
        hidden: width.
        layers: number of transformer layers.
        heads: attention heads.
        limit: most tokens of one text; what is longer is cut.
        dropout: in the body, and before the linear layer.
        masked: see `TextTransformer`.
    """

    name: ClassVar[str] = "scratch"

    def __init__(
        self,
        *,
        dim: int = 300,
        pooling: str = "mean",
        level: str = "utterance",
        vocabulary: int = 1000,
        hidden: int = 128,
        layers: int = 2,
        heads: int = 4,
        limit: int = 126,
        dropout: float = 0.2,
        masked: float = 0.1,
    ) -> None:
        super().__init__(
            encoder="scratch", pooling=pooling, tune=True, dim=dim, dropout=dropout, level=level, masked=masked
        )
        self.rates = {}
        self.size = {"vocabulary": vocabulary, "hidden": hidden, "layers": layers, "heads": heads, "limit": limit}

    def settings(self) -> dict[str, Any]:
        """See `Encoder.settings`."""
        kept = ("dim", "pooling", "level", "dropout", "masked")
        return {name: value for name, value in super().settings().items() if name in kept} | self.size

    def prepare(self, inputs: Sequence[str]) -> None:
        """Learn the tokenizer from the texts and draw a new body."""
        tokenizer = learn_tokenizer(inputs, vocabulary=self.size["vocabulary"], limit=self.size["limit"])
        config = RobertaConfig(
            vocab_size=len(tokenizer),
            hidden_size=self.size["hidden"],
            num_hidden_layers=self.size["layers"],
            num_attention_heads=self.size["heads"],
            intermediate_size=4 * self.size["hidden"],
            max_position_embeddings=self.size["limit"] + 2,  # RoBERTa counts positions from 2
            hidden_dropout_prob=self.dropout,
            attention_probs_dropout_prob=self.dropout,
            type_vocab_size=1,
        )
        self.use(RobertaModel(config, add_pooling_layer=False), tokenizer)


class PretrainedText(TextTransformer):
    """Text to one vector, or to one per word, by a checkpoint; on a CPU without padding, see `unpadded`.

    Args:
        dropout: share 0..1 of activations dropped before the projection.
        options: see `TextTransformer`.
    """

    together = 128

    def __init__(self, *, dropout: float = 0.2, **options: Any) -> None:  # noqa: ANN401
        super().__init__(dropout=dropout, **options)

    def use(self, body: Any, tokenizer: PreTrainedTokenizerBase) -> None:  # noqa: ANN401 - each has its own class
        """See `TextTransformer.use`."""
        super().use(body, tokenizer)
        tokenizer.padding_side = "right"  # `hidden` counts on it
        self.packed = self.family.packed and not self.head
        if self.packed:
            body.set_attn_implementation(PACKED)

    def hidden(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """See `TextTransformer.hidden`."""
        tokens, mask = batch["tokens"], batch["mask"]
        lengths = mask.sum(1).tolist()
        if len(set(lengths)) == 1 or not is_worth_it(self.body, tokens):
            states, _ = super().hidden(batch)
        elif self.packed:
            states = packed(tokens, lengths, self.run, first=self.first)
        else:
            states = in_runs(
                lengths, lambda rows, t: self.run(input_ids=tokens[rows, :t], attention_mask=mask[rows, :t].long())
            )
        return states, mask[:, : states.shape[1]]  # of a head there is one state

    def prepare(self, inputs: Sequence[str]) -> None:
        """Load the checkpoint and its tokenizer; EmotionError where they cannot be used."""
        with remedied(self.encoder, "config.json", self.modality):
            vocabulary = int(read_config(self.encoder, self.modality).vocab_size)
            tokenizer = read_tokenizer(self.encoder, vocabulary=vocabulary)
            self.use(read_body(self.encoder, self.modality, head=self.head), tokenizer)
        self.try_out("hello there")


def learn_tokenizer(texts: Iterable[str], *, vocabulary: int, limit: int) -> PreTrainedTokenizerBase:
    """RoBERTa's byte-level byte-pair encoding, of merges that occur at least twice; the same texts give the same.

    Args:
        texts: lines of the training split.
        vocabulary: most tokens, at least one per byte.
        limit: most tokens of one text, those for start and end included.
    """
    learned = ByteLevelBPETokenizer(add_prefix_space=True, lowercase=False)
    learned.train_from_iterator(
        list(texts),
        vocab_size=max(vocabulary, _SMALLEST),
        min_frequency=2,
        special_tokens=_SPECIAL,
        show_progress=False,
    )
    model = json.loads(learned.to_str())["model"]
    merges = [tuple(pair) for pair in model["merges"]]
    # `vocab_file=` would silently give five tokens in transformers 5.
    return RobertaTokenizer(vocab=model["vocab"], merges=merges, add_prefix_space=True, model_max_length=limit)


def _word(text: str, start: int) -> int:
    """Number of the word, between spaces, of the token that begins there; -1 where no word is left."""
    while start < len(text) and text[start].isspace():  # many tokenizers count the space before a word to it
        start += 1
    return len(text[: start + 1].split()) - 1 if start < len(text) else -1


def read_text(row: Utterance) -> str:
    """What is said in an utterance; MediaError where the corpus has no text for it."""
    if not row.text.strip():
        raise MediaError(f"no text: {ABSENT}")
    return row.text


def open_reader() -> Callable[[Utterance], str]:
    """What reads an utterance's text."""
    return read_text
