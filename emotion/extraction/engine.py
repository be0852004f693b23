"""The engine of every extraction: rows of the index -> shards -> workers -> journal -> cache.

rows     0 1 2 3 4 5 6 7 8 9        the index
shards   [2 5 9] [0 1] [3 4 6] ...  cut by the job, by the index alone: a shard's results depend on its rows and the
            |      |      |         settings, not on who computes it, when, or what was computed before
workers  processes here, or actors of a Ray cluster; at most one shard each, and one waiting
            |      |      |
journal  items one by one, in the order in which they come, on disk after every shard: memory does not grow with a
         shard, and a kill loses the shards in flight only
cache    written from it in the order of the index, so the bytes do not depend on the order of work
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from emotion.core import logs
from emotion.core.errors import ABSENT, EmotionError, absent_everywhere
from emotion.core.progress import track
from emotion.corpus.utterance import Utterance
from emotion.extraction.outcome import check_missing, say_outcome
from emotion.store.writer import CacheWriter

ON_ERROR = ("skip", "fail")
_LISTED = 20  # missing utterances named on the terminal


@dataclass(frozen=True, slots=True)
class Item:
    """What came of one utterance: values (t, *shape), or None with the reason; `note` goes into the cache."""

    values: NDArray[Any] | None
    reason: str = ""
    note: dict[str, Any] | None = None


Placed = tuple[int, Item]
"""An item and its place in its shard."""


class Job(Protocol):
    """What workers do. It is pickled to each of them once and keeps what is dear (an encoder) between shards."""

    @property
    def what(self) -> str:
        """What it makes, e.g. "face clips"."""

    @property
    def device(self) -> str:
        """Cpu or cuda."""

    def __call__(self, rows: Sequence[Utterance]) -> Iterable[Placed]:
        """Results of one shard, as they are finished; must not depend on anything but the rows."""

    def one_thread(self) -> AbstractContextManager[None]:
        """Compute with a single thread meanwhile: results must not depend on the number of threads."""


Shard = tuple[int, Sequence[Utterance]]
Executor = Callable[[Job, Sequence[Shard]], Iterable[tuple[int, Iterable[Placed]]]]
"""Runs the job on numbered shards; yields a shard's number and some of its results, all or one by one, as they are
finished. A result may come twice, where work was done again."""


def run(
    writer: CacheWriter,
    rows: Sequence[Utterance],
    job: Job,
    shards: Sequence[Sequence[int]],
    *,
    execute: Executor,
    on_error: str,
    max_missing: float,
) -> list[str]:
    """Do what is not done yet and write the cache.

    Args:
        writer: a shard is flushed as a whole.
        rows: of the index.
        job: see there.
        shards: row numbers; every row in exactly one.
        execute: from `emotion.extraction.executors`.
        on_error: `skip` (a broken or missing medium is counted and listed) or `fail` (it ends the run).
        max_missing: share 0..1 of utterances that may stay without values.

    Returns:
        The reason of every row, '' where it is present.

    Raises:
        EmotionError: too much is missing, or anything is where `on_error` is `fail`; what was done is kept.
    """
    with writer:
        if on_error not in ON_ERROR:
            raise EmotionError(f"on_error is {on_error!r}, expected one of {', '.join(ON_ERROR)}")
        before = writer.already_there()
        if before is not None:
            writer.abandon()
            if on_error == "fail":
                _refuse(rows, before, job.what)
            check_missing(before, max_missing=max_missing, what=job.what)
            say_outcome(before, what=job.what, out=writer.path, already=True)
            return before
        missing = set(writer.missing)
        if on_error == "fail":  # a run with `skip` may have been interrupted
            _refuse([row for i, row in enumerate(rows) if i not in missing], writer.reasons, job.what)
        items = _items(writer, rows, job, shards, execute)
        for position, item in track(items, total=len(rows), title=job.what, unit="utterances", done=writer.done):
            if on_error == "fail":
                _refuse([rows[position]], [item.reason], job.what)
            writer.put(position, item.values, item.reason, item.note)
        reasons = writer.reasons
        check_missing(reasons, max_missing=max_missing, what=job.what)
    _list_missing(rows, reasons)
    say_outcome(reasons, what=job.what, out=writer.path)
    return reasons


def _items(
    writer: CacheWriter, rows: Sequence[Utterance], job: Job, shards: Sequence[Sequence[int]], execute: Executor
) -> Iterator[tuple[int, Item]]:
    """Positions and items of the shards that are not done; a shard is on disk before the next one is looked at."""
    missing = set(writer.missing)
    left = {number: missing & set(shard) for number, shard in enumerate(shards)}
    todo = [(number, [rows[row] for row in shards[number]]) for number, coming in left.items() if coming]
    for number, items in execute(job, todo):
        for place, item in items:
            if (position := shards[number][place]) in left[number]:
                yield position, item
                left[number].remove(position)
                if not left[number]:
                    writer.flush()
    lost = sum(map(len, left.values()))
    assert not lost, f"{job.what}: {lost} results did not come"


def compute(job: Job, rows: Sequence[Utterance]) -> Iterator[Placed]:
    """Results of one shard; the traceback of an error that nobody expected says which utterances it was.

    Where memory does not suffice, the rows that are left are done one by one: what is too large is missing alone.
    """
    left = dict.fromkeys(range(len(rows)))
    try:
        for place, item in job(rows):
            yield place, item
            left.pop(place)
        return
    except Exception as error:
        if not _out_of_memory(error):
            error.add_note(f"{job.what}: in the shard of {len(rows)} utterances from {rows[0].utterance} on")
            raise
    # Here the error is gone, and what its frames held.
    if len(rows) == 1:
        yield 0, Item(None, "too large: out of memory")
        return
    for place in left:
        yield from ((place, item) for _, item in compute(job, [rows[place]]))


def compute_whole(job: Job, rows: Sequence[Utterance]) -> list[Placed]:
    """The same at once, for who cannot pass results on one by one."""
    return list(compute(job, rows))


def _out_of_memory(error: Exception) -> bool:
    """Also as torch and OpenCV say it."""
    words = ("can't allocate memory", "not enough memory", "Insufficient memory", "Failed to allocate")
    return isinstance(error, MemoryError) or any(word in str(error) for word in words)


def _refuse(rows: Sequence[Utterance], reasons: Sequence[str], what: str) -> None:
    """Raise EmotionError at the first utterance whose medium is at fault."""
    for row, reason in zip(rows, reasons, strict=True):
        if reason and not reason.endswith(ABSENT):
            raise EmotionError(
                f"{what}: utterance {row.utterance}: {reason}; fix the medium, or set on_error: skip to mark the "
                "modality as missing there"
            )


def _list_missing(rows: Sequence[Utterance], reasons: Sequence[str]) -> None:
    """Name what is missing, a line each, unless the corpus has none of it."""
    listed = [(row.utterance, reason) for row, reason in zip(rows, reasons, strict=True) if reason]
    listed = [] if absent_everywhere(reasons) else listed
    for utterance, reason in listed[:_LISTED]:
        logs.info(f"  {utterance}: {reason}")
    if len(listed) > _LISTED:
        logs.info(f"  ... and {len(listed) - _LISTED} others; `emotion cache show` names all")
