"""Text by the vectors of its words, out of a file of the user's (word2vec, GloVe, fastText).

text        I   don't     know  zyx .
pieces      I   do  n't   know  -   .        a word that the file has is one piece, else it is cut at its marks
vectors     w1  w2  w3    w4    -   w5       (t, width); as written, else in small letters; unknown ones left out
utterance   mean of all                      (1, dim)
word        w1, mean of w2 and w3, w4, 0, w5 (words, dim)
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from emotion.core import logs
from emotion.core.errors import EmotionError
from emotion.core.objects import read_object
from emotion.encoders.base import Encoder, fit_again
from emotion.encoders.pooling import check_level, pool, pool_words
from emotion.encoders.transformer import BODY_RATE
from emotion.encoders.vector_files import read_vectors

_MOST = 200_000  # words, the most frequent ones; those of the training texts come on top
_WORDS = "words.json"
_LARGEST = 64 << 20  # bytes of it
_PIECE = re.compile(r"\w+(?=n't\b)|n't\b|'\w+|\w+|[^\w\s]")  # as GloVe's texts were cut
_NONE = 0  # number of an unknown word


class WordVectors(Encoder):
    """Text to one vector, or to one per word between spaces, by a table of word vectors.

    A text of which no word is known is a vector of zeros, before the projection; so is an unknown word.

    Args:
        vectors: the file; see `vector_files`.
        dim: size of the vector; 0 = that of the file's (with mean_std twice).
        pooling: mean | mean_std, over the known pieces.
        level: utterance | word, see `text.TextTransformer`.
        tune: whether fitting changes the vectors of the words of the training texts, at a twentieth of the learning
            rate; those of other words never change.
        dropout: before the projection.

    Raises:
        EmotionError: an option is impossible.
    """

    modality: ClassVar[str] = "text"
    name: ClassVar[str] = "word_vectors"
    fixed: Tensor

    def __init__(
        self,
        *,
        vectors: str,
        dim: int = 0,
        pooling: str = "mean",
        level: str = "utterance",
        tune: bool = False,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        if pooling not in ("mean", "mean_std"):
            raise EmotionError(
                f"text.pooling is {pooling}, but word vectors have no such token; expected mean or mean_std"
            )
        check_level("text", level, pooling)
        self.vectors, self._wanted, self.pooling, self.level, self.tune = vectors, dim, pooling, level, tune
        self.dim, self.dropout, self.drop = dim, dropout, nn.Dropout(dropout)
        self.rates = {"tuned": BODY_RATE}
        self.words: dict[str, int] = {}

    def settings(self) -> dict[str, Any]:
        """See `Encoder.settings`."""
        names = ("vectors", "pooling", "level", "tune", "dropout")
        return {name: getattr(self, name) for name in names} | {"dim": self._wanted}

    @property
    def trains(self) -> bool:
        """See `Encoder.trains`."""
        return self.tune or self._wanted > 0

    def prepare(self, inputs: Sequence[str]) -> None:
        """Read the file; EmotionError where it cannot be used, or knows no word of the training texts."""
        forms = {
            form for text in inputs for word in text.split() for piece in (word, *_cut(word)) for form in _forms(piece)
        }
        words, values = read_vectors(Path(self.vectors), wanted=forms, most=_MOST)
        self.words = {word: number for number, word in enumerate(words, 1)}
        used = {number for text in inputs for number, _ in self._look_up(text)} - {_NONE}
        if inputs and not used:
            raise EmotionError(
                f"{self.vectors}: it knows no word of the training texts; give vectors of their language"
            )
        tuned = sorted(used) if self.tune else []
        order = [number for number in range(1, len(words) + 1) if number not in set(tuned)] + tuned
        self._take([words[number - 1] for number in order], values[np.array(order) - 1], tuned=len(tuned))
        unknown, total = (sum(counts) for counts in zip((0, 0), *map(self.unknown, inputs), strict=True))
        told = f"; {unknown} of {total} words of the training texts have none" if inputs else ""
        logs.info(f"word vectors: {len(words)} words of {values.shape[1]} numbers from {self.vectors}{told}")

    def _take(self, words: Iterable[str], values: NDArray[np.float32], *, tuned: int) -> None:
        """Use vectors (words, width), of which the last `tuned` ones are trained."""
        self.words = {word: number for number, word in enumerate(words, 1)}
        fixed = len(values) - tuned
        self.register_buffer("fixed", torch.from_numpy(np.concatenate([np.zeros_like(values[:1]), values[:fixed]])))
        if self.tune:
            self.tuned = nn.Parameter(torch.from_numpy(values[fixed:].copy()))
        self.dim = values.shape[1] * (2 if self.pooling == "mean_std" else 1)
        if self._wanted:
            self.project = nn.Linear(self.dim, self._wanted)
            self.dim = self._wanted

    def _number(self, piece: str) -> int:
        return next((self.words[form] for form in _forms(piece) if form in self.words), _NONE)

    def _look_up(self, text: str) -> list[tuple[int, int]]:
        """Numbers of the known pieces, each with that of its word between spaces; of an unknown word one `_NONE`."""
        found = []
        for place, word in enumerate(text.split()):
            whole = self._number(word)
            known = [whole] if whole else [number for piece in _cut(word) if (number := self._number(piece))]
            found += [(number, place) for number in known or [_NONE]]
        return found or [(_NONE, -1)]

    def unknown(self, text: str) -> tuple[int, int]:
        """Words of a text without a vector, and all; marks that stand alone are no words."""
        words = text.split()
        known = {place for number, place in self._look_up(text) if number}
        real = [place for place, word in enumerate(words) if any(letter.isalnum() for letter in word)]
        return sum(place not in known for place in real), len(real)

    def remarks(self, item: str) -> dict[str, str]:
        """See `Encoder.remarks`."""
        unknown, total = self.unknown(item)
        return {"words without a vector": f"{unknown} of {total}"} if unknown else {}

    def cost(self, item: str) -> int:
        """Pieces."""
        return len(self._look_up(item))

    def collate(self, inputs: Sequence[str]) -> dict[str, Tensor]:
        """Texts -> numbers of pieces (b, t), mask (b, t) bool, words (b, t): number of the piece's word, -2 = none."""
        rows = [self._look_up(text) for text in inputs]
        shape = len(rows), max(map(len, rows))
        numbers, words = torch.full(shape, _NONE), torch.full(shape, -2)
        for row, found in enumerate(rows):
            pairs = torch.tensor(found)
            numbers[row, : len(found)], words[row, : len(found)] = pairs[:, 0], pairs[:, 1]
        mask = numbers != _NONE
        mask[:, 0] |= ~mask.any(1)  # of nothing known the zeros
        return {"numbers": numbers, "mask": mask, "words": words}

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """See `Encoder.forward`."""
        return self._projected(pool(self._states(batch["numbers"]), batch["mask"], self.pooling))

    def sequences(self, batch: dict[str, Tensor]) -> list[Tensor]:
        """See `Encoder.sequences`."""
        if self.level == "utterance":
            return super().sequences(batch)
        return [self._projected(row) for row in pool_words(self._states(batch["numbers"]), batch["words"])]

    def _states(self, numbers: Tensor) -> Tensor:
        """Numbers (b, t) -> vectors (b, t, width)."""
        fixed = len(self.fixed)
        states = self.fixed[numbers.clamp(max=fixed - 1)]
        if not self.tune:
            return states
        return torch.where((numbers >= fixed)[..., None], self.tuned[(numbers - fixed).clamp(min=0)], states)

    def _projected(self, vectors: Tensor) -> Tensor:
        result: Tensor = self.project(self.drop(vectors)) if self._wanted else vectors
        return result

    def save_extra(self, folder: Path) -> None:
        """Write the words, in the order of their vectors."""
        about = {"width": self.fixed.shape[1], "tuned": len(self.tuned) if self.tune else 0, "words": list(self.words)}
        (folder / _WORDS).write_text(json.dumps(about, ensure_ascii=False) + "\n", encoding="utf-8")

    def load_extra(self, folder: Path) -> None:
        """Read the words, and make room for their vectors; EmotionError where they are damaged."""
        path, remedy = folder / _WORDS, fit_again(self.modality)
        about = read_object(path, remedy=remedy, most=_LARGEST)
        width, tuned, words = (about.get(key) for key in ("width", "tuned", "words"))
        whole = isinstance(words, list) and all(isinstance(word, str) for word in words)
        if not whole or not isinstance(width, int) or not isinstance(tuned, int) or not 0 <= tuned <= len(words or []):
            raise EmotionError(f"{path}: not the words of an encoder; {remedy}")
        self._take(words or [], np.empty((len(words or []), width), np.float32), tuned=tuned)


def _cut(word: str) -> list[str]:
    return _PIECE.findall(word.replace("’", "'"))


def _forms(piece: str) -> tuple[str, ...]:
    return piece, piece.lower()
