"""Run a frozen encoder over every utterance, once: the feature cache of one modality.

    index -> sorted by length -> batches of like length -> shards of a few batches -> engine
          -> read, encode, batch by batch -> cache, in the order of the index

Batches are cut by the index alone, so an utterance meets the same batch mates whoever computes them, whenever, and
however many of them are held in memory at once: on a CPU the file is the same to the last bit.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emotion.core import environment
from emotion.core.errors import EmotionError, MediaError
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.base import Encoder, checkpoint_hash
from emotion.extraction import engine, ray_cluster
from emotion.extraction.engine import Executor, Item, Placed
from emotion.extraction.outcome import say_remarks
from emotion.extraction.provenance import code_of, public, versions, write_card
from emotion.media import signals
from emotion.store.cache import Cache
from emotion.store.trained import Training
from emotion.store.writer import CacheWriter, fingerprint
from emotion.training import device

_BATCHES = 4  # of a shard: so much is lost by a kill, per worker

Which = Callable[[Utterance], int]
Load = Callable[[], tuple[Sequence[Encoder], Which]]
Open = Callable[[], Callable[[Utterance], Any]]
Remark = Callable[[Utterance, Any], dict[str, Any] | None]


def extract_features(
    index: Index,
    *,
    load: Load,
    open_media: Open,
    length: Callable[[Utterance], float],
    per_batch: float | Callable[[Encoder], float],
    out: Path,
    scratch: Path,
    budget: int,
    max_missing: float,
    on_error: str,
    execute: Executor,
    device: str,
    knows: Training | None = None,
    media: Sequence[Path] = (),
    remark: Remark | None = None,
    root: Path | None = None,
) -> None:
    """Write the vectors of every utterance, float32 (t, dim), and a card.

    t is 1, unless text comes word by word, sound or faces frame by frame.

    Args:
        index: the utterances.
        load: -> the fitted encoders, and which of them an utterance is for. Called in every worker, so it is pickled: a
            `functools.partial` of functions of a module.
        open_media: -> what reads an utterance's input for the encoder and raises MediaError where it is missing; called
            in every worker, pickled likewise.
        length: of an utterance, as far as the index knows it (s, frames, characters): batches are of like length.
        per_batch: most that a batch may hold, in the unit of `length`, padding included, or a function of the encoder.
            Also at most `encoder.together` utterances.
        out: the cache to write.
        scratch: folder for unfinished work; the same call of the same code goes on there after a kill.
        budget: batches whose inputs a worker holds at once, at least 1; on CUDA they are also encoded at once. It
            bounds memory; on a CPU it does not change the result.
        max_missing: see `engine.run`, as for the next two.
        on_error: `skip` or `fail`.
        execute: who does it. On a CPU it does not change the result.
        device: cpu or mps (float32), cuda or cuda:N (bfloat16 where the operation allows it).
        knows: which utterances the encoders know; None = nobody knows.
        media: the files that are read: when one changes, unfinished work is not taken up again.
        remark: what is odd about an input that is used all the same (`emotion.media.remarks`): kept in the cache, and
            counted on the terminal; picklable.
        root: the corpus's folder: reasons name its files without it.

    Raises:
        EmotionError: too many utterances are missing, memory or disk is full, or another run writes the same file;
            `out` is then as before.
    """
    rows = index.utterances
    encoders, which = load()
    encoder = encoders[0]
    most = per_batch(encoder) if callable(per_batch) else per_batch
    writer = CacheWriter(
        out,
        ids=[row.utterance for row in rows],
        shape=(encoder.dim,),
        dtype="float32",
        attributes=_provenance(index, encoders, which, per_batch=most),
        scratch=scratch,
        key=f"{device} {_plain(open_media)} {fingerprint(media)} {code_of(encoder.modality)}",
        training=knows,
        root=root,
    )
    cut = partial(batches, length=length, which=which, most=encoder.together, per_batch=most)
    job = FeatureJob(
        what=f"{encoder.modality} features",
        device=device,
        load=load,
        open_media=open_media,
        cut=cut,
        budget=budget,
        remark=remark,
    )
    engine.run(writer, rows, job, shards(cut(rows)), execute=execute, on_error=on_error, max_missing=max_missing)
    write_card(out)
    with Cache(out) as cache:
        say_remarks([row.utterance for row in rows], cache.notes, what=job.what)


def _provenance(index: Index, encoders: Sequence[Encoder], which: Which, *, per_batch: float) -> dict[str, Any]:
    """The cache's attributes."""
    encoder = encoders[0]
    settings: dict[str, Any] = {"encoder": encoder.settings(), "per_batch": per_batch}
    settings |= encoder.code()
    if len(encoders) > 1:
        settings["folds"] = len(encoders) - 1
        settings["which"] = hashlib.sha256(repr([which(row) for row in index.utterances]).encode()).hexdigest()
    return {
        "modality": encoder.modality,
        "encoder": encoder.name,
        "checkpoint": checkpoint_hash(encoders),
        "index": index.digest,
        "settings": json.dumps(public(settings), sort_keys=True),
        "versions": versions(
            "av", "numpy", "soundfile", "torch", "transformers", *signals.PACKAGES, *encoder.libraries
        ),
    }


def _plain(open_media: Open) -> list[tuple[str, str]]:
    """How the media are read, as far as it is given by names and numbers: work done in another way is not taken up."""
    how = open_media.keywords if isinstance(open_media, partial) else {}
    return sorted((name, repr(value)) for name, value in how.items() if isinstance(value, str | int | float))


def batches(
    rows: Sequence[Utterance], *, length: Callable[[Utterance], float], which: Which, most: int, per_batch: float
) -> list[list[int]]:
    """Cut rows into batches of one encoder (`which`) and of like length, the longest first: at most `most` rows each.

    Number of rows times largest length may be `per_batch` at most; a longer row is a batch of its own.
    """
    sizes, encoders = [length(row) for row in rows], [which(row) for row in rows]
    result: list[list[int]] = []
    for row in sorted(range(len(rows)), key=lambda row: (encoders[row], -sizes[row], row)):
        first = result[-1][0] if result else row
        fits = len(result[-1]) < most and (len(result[-1]) + 1) * sizes[first] <= per_batch if result else False
        if fits and encoders[first] == encoders[row]:
            result[-1].append(row)
        else:
            result.append([row])
    return result


def shards(cut: Sequence[Sequence[int]]) -> list[list[int]]:
    """Row numbers of each shard: a few batches, one after the other."""
    return [list(chain.from_iterable(cut[start : start + _BATCHES])) for start in range(0, len(cut), _BATCHES)]


@dataclass(kw_only=True)
class FeatureJob:
    """Reads and encodes the rows of a shard; see `extract_features` for the arguments and `engine.Job`.

    Encoders and media are opened with the first shard and kept.
    """

    what: str
    device: str
    load: Load
    open_media: Open
    cut: Callable[[Sequence[Utterance]], list[list[int]]]
    budget: int
    remark: Remark | None = None

    @cached_property
    def _encoders(self) -> tuple[list[Encoder], Which]:
        encoders, which = self.load()
        return [encoder.to(self.device).eval() for encoder in encoders], which

    @cached_property
    def _read(self) -> Callable[[Utterance], Any]:
        return self.open_media()

    def __call__(self, rows: Sequence[Utterance]) -> Iterator[Placed]:
        """Vectors (t, dim) float32."""
        encoders, which = self._encoders
        together = self.cut(rows)  # the same batches again: cutting is by the rows alone
        for start in range(0, len(together), self.budget):
            group = together[start : start + self.budget]
            inputs = {row: self._input(rows[row]) for batch in group for row in batch}
            yield from ((row, found) for row, found in inputs.items() if isinstance(found, Item))
            for batch in self._merged(group, rows, which):
                good = [row for row in batch if not isinstance(inputs[row], Item)]
                encoder = encoders[which(rows[batch[0]])]
                for row, item in zip(good, self._encode(encoder, [inputs[row] for row in good]), strict=True):
                    yield row, replace(item, note=self._note(rows[row], inputs[row], encoder))

    def _input(self, row: Utterance) -> Any:  # noqa: ANN401 - each modality has its own inputs
        try:
            return self._read(row)
        except MediaError as error:
            return Item(None, str(error))

    def _note(self, row: Utterance, value: Any, encoder: Encoder) -> dict[str, Any] | None:  # noqa: ANN401
        """What is odd about an input, as the media and the encoder see it."""
        note = (self.remark(row, value) if self.remark is not None else None) or {}
        found = note.get("remarks", {}) | encoder.remarks(value)
        return note | {"remarks": found} if found else note or None

    def _merged(self, group: Sequence[list[int]], rows: Sequence[Utterance], which: Which) -> list[list[int]]:
        """What goes through the encoder at once: on a GPU everything that the group has for one encoder."""
        if self.device == "cpu":
            return list(group)
        merged: dict[int, list[int]] = {}
        for batch in group:
            merged.setdefault(which(rows[batch[0]]), []).extend(batch)
        return list(merged.values())

    def _encode(self, encoder: Encoder, inputs: Sequence[Any]) -> list[Item]:
        """One batch; where the encoder refuses an input, that one is missing and the others go one by one."""
        if not inputs:
            return []
        try:
            found = self._forward(encoder, inputs)
        except MediaError as error:
            if len(inputs) == 1:
                return [Item(None, str(error))]
            return [item for one in inputs for item in self._encode(encoder, [one])]
        bad = Item(None, f"{encoder.modality} encoder gave values that are not finite")
        return [Item(values) if len(values) and np.isfinite(values).all() else bad for values in found]

    def _forward(self, encoder: Encoder, inputs: Sequence[Any]) -> list[NDArray[np.float32]]:
        """(t, dim) of each input."""
        kind = torch.device(self.device).type
        cuda = kind == "cuda"
        try:
            with torch.inference_mode(), torch.autocast(kind, dtype=torch.bfloat16, enabled=cuda):
                batch = {name: x.to(self.device, non_blocking=cuda) for name, x in encoder.collate(inputs).items()}
                return [rows.float().cpu().numpy() for rows in encoder.sequences(batch)]
        except torch.cuda.OutOfMemoryError:
            raise EmotionError(
                f"{self.what}: a batch of {len(inputs)} utterances does not fit into the GPU's memory; lower "
                "EMOTION_BUDGET (batches at once), finished work is kept"
            ) from None

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        """See `engine.Job`."""
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def seconds(row: Utterance) -> float:
    """Length of what is heard or seen."""
    return row.end - row.start


def characters(row: Utterance) -> float:
    """Length of what is said, with room for the tokens at its ends."""
    return len(row.text) + 8


def choose_device() -> str:
    """Device of the workers, see `device.device`; on a cluster it is the cluster that has the GPUs.

    Raises:
        EmotionError: `EMOTION_DEVICE` is none, or not there.
    """
    if environment.executor() == "ray" and environment.device() == "auto":
        return "cuda" if ray_cluster.has_gpu() else "cpu"
    return str(device.device())
