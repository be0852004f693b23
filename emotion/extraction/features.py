"""Run a frozen encoder over every utterance, once: the feature cache of one modality.

    index -> windows of 128 rows -> read by threads, one window ahead -> sorted by length -> batches under a budget
          -> encoder -> back into the order of the index -> cache

Windows are cut by the index alone and begin at multiples of 128, also after a resume: an utterance meets the same batch
mates however often the work was interrupted, so the file is the same to the last bit.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from emotion.cache import CacheWriter, fingerprint
from emotion.corpus.utterance import Index, Utterance
from emotion.encoders.base import Encoder
from emotion.errors import EmotionError, MediaError
from emotion.extraction.outcome import check_missing, say_outcome
from emotion.progress import track
from emotion.training import device

_WINDOW = 128  # utterances; at most so many are lost by a kill, and two windows of inputs are in memory
_READERS = 2  # threads
_REVISION = 1  # raise it when the same inputs and encoder give other features: unfinished work is then not used

Read = Callable[[Utterance], Any]
Result = tuple[NDArray[np.float32] | None, str]  # (1, dim) or None, reason


def extract_features(
    index: Index,
    encoder: Encoder,
    read: Read,
    *,
    out: Path,
    scratch: Path,
    budget: int,
    max_missing: float,
    media: Sequence[Path] = (),
) -> None:
    """Write one vector per utterance: float32 (1, dim), in the order of the index.

    Runs on CUDA where there is one (in bfloat16 where the operation allows it), else on the CPU in float32.

    Args:
        index: the utterances.
        encoder: the fitted encoder.
        read: an utterance's input for the encoder; raises MediaError where it is missing. Called from threads.
        out: the cache to write.
        scratch: folder for unfinished work; the same call goes on there after a kill.
        budget: most that a padded batch may cost, in the unit of `encoder.cost` (samples, frames, tokens).
        max_missing: share 0..1 of utterances that may stay without a vector.
        media: the files that `read` reads: when one changes, unfinished work is not taken up again.

    Raises:
        EmotionError: too many utterances are missing, memory or disk is full, or another run writes the same file;
            `out` is then as before.
    """
    rows = index.utterances
    settings = {"encoder": encoder.settings(), "budget": budget, "revision": _REVISION}
    place = device()
    writer = CacheWriter(
        out,
        ids=[row.utterance for row in rows],
        shape=(encoder.dim,),
        dtype="float32",
        attributes={
            "modality": encoder.modality,
            "encoder": encoder.name,
            "checkpoint": checkpoint_hash(encoder),
            "index": index.digest,
            "settings": json.dumps(settings, sort_keys=True),
        },
        scratch=scratch,
        flush_every=64,
        key=f"{place.type} {fingerprint(media)}",
    )
    encoder.to(place).eval()
    what = f"{encoder.modality} features"
    with writer:
        results = _results(rows, encoder, read, budget=budget, place=place, done=writer.done)
        for values, reason in track(results, total=len(rows), title=what, unit="utterances", done=writer.done):
            writer.append(values, reason)
        reasons = writer.reasons
        check_missing(reasons, max_missing=max_missing, what=what)
    say_outcome(reasons, what=what, out=out)


def checkpoint_hash(encoder: Encoder) -> str:
    """Sha256 over the weights, in the order of their names, and over whatever else the encoder saves (tokenizer)."""
    digest = hashlib.sha256()
    for name, value in sorted(encoder.state_dict().items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    with tempfile.TemporaryDirectory() as name:
        encoder.save_extra(Path(name))
        for path in sorted(Path(name).rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(name).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def batches(costs: Sequence[int], *, budget: int) -> list[list[int]]:
    """Cut items into batches of like cost, the dearest first.

    Args:
        costs: of each item.
        budget: most that number of items times largest cost may be; an item that exceeds it alone is a batch of its
            own.

    Returns:
        Positions of the items of each batch.
    """
    result: list[list[int]] = []
    for position in sorted(range(len(costs)), key=lambda item: (-costs[item], item)):
        if result and (len(result[-1]) + 1) * costs[result[-1][0]] <= budget:
            result[-1].append(position)
        else:
            result.append([position])
    return result


def _results(
    rows: Sequence[Utterance], encoder: Encoder, read: Read, *, budget: int, place: torch.device, done: int
) -> Iterator[Result]:
    """Results from row `done` on; the window that holds it is computed in full."""
    with ThreadPoolExecutor(_READERS) as pool:

        def submit(start: int) -> list[Future[Any]]:
            return [pool.submit(read, row) for row in rows[start : start + _WINDOW]]

        begin = done // _WINDOW * _WINDOW if done < len(rows) else len(rows)
        coming = submit(begin)
        try:
            for start in range(begin, len(rows), _WINDOW):
                futures, coming = coming, submit(start + _WINDOW)
                yield from _window(futures, encoder, budget=budget, place=place)[max(0, done - start) :]
        finally:
            for future in coming:
                future.cancel()


def _window(futures: Sequence[Future[Any]], encoder: Encoder, *, budget: int, place: torch.device) -> list[Result]:
    """Results of one window, in order."""
    results: list[Result] = [(None, "")] * len(futures)
    inputs, positions = [], []
    for position, future in enumerate(futures):
        try:
            inputs.append(future.result())
            positions.append(position)
        except MediaError as error:
            results[position] = (None, str(error))
    costs = [encoder.cost(item) for item in inputs]
    for batch in batches(costs, budget=budget):
        for item, result in zip(batch, _encode(encoder, [inputs[item] for item in batch], place), strict=True):
            results[positions[item]] = result
    return results


def _encode(encoder: Encoder, inputs: Sequence[Any], place: torch.device) -> list[Result]:
    """One batch through the encoder; where it refuses an input, that one is missing and the others go one by one."""
    try:
        vectors = _forward(encoder, inputs, place)
    except MediaError as error:
        if len(inputs) == 1:
            return [(None, str(error))]
        return [result for item in inputs for result in _encode(encoder, [item], place)]
    finite = [bool(np.isfinite(vector).all()) for vector in vectors]
    bad: Result = (None, f"{encoder.modality} encoder gave values that are not finite")
    return [(vector[None], "") if good else bad for vector, good in zip(vectors, finite, strict=True)]


def _forward(encoder: Encoder, inputs: Sequence[Any], place: torch.device) -> NDArray[np.float32]:
    """(b, dim)."""
    cuda = place.type == "cuda"
    try:
        with torch.inference_mode(), torch.autocast(place.type, dtype=torch.bfloat16, enabled=cuda):
            batch = {name: value.to(place, non_blocking=cuda) for name, value in encoder.collate(inputs).items()}
            vectors: NDArray[np.float32] = encoder(batch).float().cpu().numpy()
            return vectors
    except torch.cuda.OutOfMemoryError:
        raise EmotionError(
            f"{encoder.modality} features: a batch of {len(inputs)} utterances does not fit into the GPU's memory; "
            "lower the batch budget, finished work is kept"
        ) from None
