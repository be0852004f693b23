"""From feature caches and the index to the sequences a fusion model trains on (`emotion.fusion.sequences`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emotion.core.errors import EmotionError
from emotion.corpus.utterance import SPLITS, Index, Utterance
from emotion.fusion import own
from emotion.fusion.sequences import Scaling, Sequences, Words
from emotion.store.cache import Cache
from emotion.store.overlap import check_cache

WHOLE = "all"
"""The value of `history` and `future` that means the whole dialogue."""


@dataclass(frozen=True)
class _Table:
    """A cache in the order of the index.

    Attributes:
        values: (n, d) one vector per utterance, the mean of its words; 0 where missing.
        present: (n,).
        words: (w, d) all words, in the order of the cache; None where every utterance has one vector.
        first: (n,) the place of each utterance's first word.
        count: (n,) how many it has, 0 where missing.
    """

    values: NDArray[np.float32]
    present: NDArray[np.bool_]
    words: NDArray[np.float32] | None
    first: NDArray[np.int64]
    count: NDArray[np.int64]


def load(
    index: Index,
    features: Mapping[str, Path],
    *,
    history: int | str,
    future: int | str,
    scaling: Mapping[str, Scaling] | None = None,
    votes: Mapping[str, Sequence[float]] | None = None,
) -> dict[str, Sequences]:
    """Read the caches of all modalities and cut each split into sequences; a split may be empty.

    Args:
        index: the corpus.
        features: per modality the cache; of utterances with several vectors (words, frames) the mean is taken as well.
        history: utterances before the one to classify, H of eq. (1); or `all`.
        future: utterances after it; 0 = causal; or `all`.
        scaling: what features are standardised with, of a trained classifier; None = found on the training utterances.
        votes: utterance -> the raters' distribution over the classes, to be trained on; None = labels are.

    Raises:
        EmotionError: a cache does not belong to the index or is damaged, its encoder knows utterances that are scored
            (see `emotion.store.overlap`), `history` and `future` do not fit together, or there are no training
            utterances on which the scaling could be found.
    """
    check_context(history, future)
    if not features:
        raise EmotionError("no modality is chosen, expected at least one of audio, face, text")
    splits = {name: [i for i, row in enumerate(index.utterances) if row.split == name] for name in SPLITS}
    if not splits["train"] and scaling is None:
        raise EmotionError(f"corpus {index.corpus} has no training utterances; choose another split")
    known = scaling or {}  # what was trained on words gets words, were there one of each utterance
    tables = {name: _read(path, index, name, words=f"{name}/words" in known) for name, path in features.items()}
    train = splits["train"]
    by_word = {name: table for name, table in tables.items() if table.words is not None}
    if scaling is None:
        scaling = {name: _scaling(table.values[train], table.present[train]) for name, table in tables.items()}
        scaling |= {f"{name}/words": _scaling_of_words(table, train) for name, table in by_word.items()}
    else:
        _check_scaling(scaling, tables, features)
    vectors = {name: _standardised(table, scaling[name]) for name, table in tables.items()}
    words = {name: _scaled_words(table, scaling[f"{name}/words"]) for name, table in by_word.items()}
    people = {name: i for i, name in enumerate(sorted({row.speaker for row in index.utterances}))}
    classes = {name: i for i, name in enumerate(index.labels)}
    loaded = {}
    for split, rows in splits.items():
        utterances = tuple(index.utterances[i] for i in rows)
        windows, target = _windows(utterances, history=history, future=future)
        loaded[split] = Sequences(
            utterances=utterances,
            features={name: values[rows] for name, values in vectors.items()},
            present=torch.from_numpy(np.stack([table.present[rows] for table in tables.values()], axis=1)),
            speakers=torch.tensor([people[row.speaker] for row in utterances], dtype=torch.long),
            labels=torch.tensor([classes.get(row.label, -1) for row in utterances], dtype=torch.long),
            windows=windows,
            target=target,
            lengths=(windows >= 0).sum(1),
            scaling=dict(scaling),
            words={
                name: replace(spoken, first=spoken.first[rows], count=spoken.count[rows])
                for name, spoken in words.items()
            },
            votes=None if votes is None else _votes(utterances, index.labels, votes),
        )
    return loaded


def _votes(utterances: Sequence[Utterance], labels: Sequence[str], votes: Mapping[str, Sequence[float]]) -> Tensor:
    """What each utterance is trained on, (n, classes): the votes; without any its label alone; 0 without either."""
    found = torch.zeros(len(utterances), len(labels))
    for place, row in enumerate(utterances):
        if row.utterance in votes:
            found[place] = torch.tensor(votes[row.utterance])
        elif row.label:
            found[place, labels.index(row.label)] = 1.0
    return found


def _check_scaling(scaling: Mapping[str, Scaling], tables: Mapping[str, _Table], features: Mapping[str, Path]) -> None:
    """Raise where the caches have another size than those that the scaling was found on."""
    for name, table in tables.items():
        d = table.values.shape[1]
        for key in (name, f"{name}/words")[: 1 + (table.words is not None)]:
            if key not in scaling or len(scaling[key].mean) != d:
                known = f"{len(scaling[key].mean)} features" if key in scaling else f"no {key}"
                raise EmotionError(
                    f"{features[name]}: vectors of {d} features, the classifier was trained with {known}; "
                    "train it again: dvc repro fuse"
                )


def check_context(history: int | str, future: int | str) -> None:
    """Raise EmotionError unless both are whole numbers >= 0, or both are `all`."""
    for name, value in (("history", history), ("future", future)):
        if value != WHOLE and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise EmotionError(f"{name} is {value!r}, expected a whole number >= 0 or the word {WHOLE}")
    if (history == WHOLE) != (future == WHOLE):
        raise EmotionError(
            f"history is {history} and future is {future}: {WHOLE} (the whole dialogue) goes for both or for neither"
        )


def check_frames(models: Iterable[str], features: Mapping[str, Path]) -> None:
    """Raise EmotionError where one of the models needs words or frames, and no cache has them."""
    words = []
    for name, path in features.items():
        with Cache(path) as cache:
            words += [name] if cache.several else []
    for model in models:
        own.check_frames(model, list(features), words)


def _read(path: Path, index: Index, modality: str, *, words: bool) -> _Table:
    """A whole cache; `words` keeps the single vectors of a cache that has no more."""
    remedy = f"extract again: dvc repro -s extract@{modality}"
    with Cache(path) as cache:
        cache.check()
        found = cache.attributes.get("index")
        if found != index.digest:
            raise EmotionError(
                f"{path}: made for another index ({str(found)[:12]}, expected {index.digest[:12]}); {remedy}"
            )
        cache.expect(modality)
        check_cache(cache, modality, index)
        rows = np.array([cache.row(row.utterance) for row in index.utterances], dtype=np.int64)
        packed, present, count = cache.values(), cache.present[rows], np.diff(cache.offsets)[rows]
        first, several = cache.offsets[rows], words or cache.several
    if packed.ndim != 2:
        raise EmotionError(
            f"{path}: holds arrays {packed.shape[1:]}, expected one vector per utterance or word; {remedy}"
        )
    values = np.zeros((len(rows), packed.shape[1]), dtype=np.float32)
    if several:
        for row in present.nonzero()[0]:
            values[row] = packed[first[row] : first[row] + count[row]].mean(axis=0, dtype=np.float64)
    else:
        values[present] = packed[first[present]]
    broken = ~np.isfinite(values).all(axis=1)
    if broken.any():
        name = index.utterances[int(broken.argmax())].utterance
        raise EmotionError(f"{path}: values of {broken.sum()} utterances are not finite, the first is {name}; {remedy}")
    return _Table(values, present, packed.astype(np.float32) if several else None, first, count)


def _scaling_of_words(table: _Table, train: Sequence[int]) -> Scaling:
    """Mean and deviation over the words of the training rows."""
    assert table.words is not None
    trained = np.zeros(len(table.words) + 1, dtype=np.int64)  # +1 where an utterance begins, -1 where it ends
    np.add.at(trained, table.first[train], 1)
    np.add.at(trained, table.first[train] + table.count[train], -1)
    return _scaling(table.words, trained[:-1].cumsum() > 0)


def _scaled_words(table: _Table, scaling: Scaling) -> Words:
    """The words of all rows, standardised."""
    assert table.words is not None
    values = (torch.from_numpy(table.words) - scaling.mean) / scaling.std
    return Words(values, torch.from_numpy(table.first), torch.from_numpy(table.count))


def _scaling(values: NDArray[np.float32], present: NDArray[np.bool_]) -> Scaling:
    """Mean and deviation over the rows where the modality is present; nothing is scaled where there are none."""
    known = values[present].astype(np.float64)
    if len(known) == 0:
        return Scaling(torch.zeros(values.shape[1]), torch.ones(values.shape[1]))
    mean, std = known.mean(axis=0), known.std(axis=0)
    constant = std <= 1e-6 * np.maximum(1.0, np.abs(mean))  # rounding noise must not be blown up
    return Scaling(torch.from_numpy(mean).float(), torch.from_numpy(np.where(constant, 1.0, std)).float())


def _standardised(table: _Table, scaling: Scaling) -> Tensor:
    scaled = (torch.from_numpy(table.values) - scaling.mean) / scaling.std
    return scaled * torch.from_numpy(table.present)[:, None]


def _windows(utterances: Sequence[Utterance], *, history: int | str, future: int | str) -> tuple[Tensor, Tensor]:
    """Row numbers and targets of all sequences, each (s, u)."""
    dialogues: dict[str, list[int]] = {}
    for row, utterance in enumerate(utterances):
        dialogues.setdefault(utterance.dialogue, []).append(row)
    for rows in dialogues.values():
        rows.sort(key=lambda row: utterances[row].turn)
    longest = max(map(len, dialogues.values()), default=0)
    if history == WHOLE or future == WHOLE:
        windows = torch.full((len(dialogues), longest), -1, dtype=torch.long)
        for line, rows in zip(windows, dialogues.values(), strict=True):
            line[: len(rows)] = torch.tensor(rows)
        return windows, windows >= 0
    before, after = min(int(history), longest), min(int(future), longest)
    windows = torch.full((len(utterances), before + 1 + after), -1, dtype=torch.long)
    target = torch.zeros_like(windows, dtype=torch.bool)
    for rows in dialogues.values():
        for place, row in enumerate(rows):
            start = max(0, place - before)
            inside = rows[start : place + after + 1]  # eq. (1), and the utterance itself
            windows[row, : len(inside)] = torch.tensor(inside)
            target[row, place - start] = True
    longest_window = int((windows >= 0).sum(1).max()) if len(windows) else 0
    return windows[:, :longest_window], target[:, :longest_window]
