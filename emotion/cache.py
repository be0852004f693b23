"""The feature cache: written safely, resumed after a kill, verified, then put in place; read in any order.

Work in progress lives in a journal under the scratch folder (`emotion.journal`); the file (`emotion.layout`) is written
from it in one go, so its bytes do not depend on whether, where or how often the work was interrupted.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from emotion import layout
from emotion.errors import EmotionError
from emotion.journal import Busy, Journal, lock, sync, unlock


def fingerprint(paths: Sequence[Path]) -> str:
    """Sha256 of names, sizes, modification times and readability: changes when one of the files does.

    For `CacheWriter(key=...)`: unfinished work is taken up again only with the media it was begun with.
    """
    digest = hashlib.sha256()
    for path in paths:
        try:
            state = path.stat()
            known = (path.as_posix(), state.st_size, state.st_mtime_ns, os.access(path, os.R_OK))
        except OSError:
            known = (path.as_posix(), -1, -1, False)
        digest.update(repr(known).encode() + b"\n")
    return digest.hexdigest()


class CacheWriter:
    """Writes a cache item by item; after a kill the next writer with the same arguments goes on where this one stopped.

    Use it as a context manager: on success the file is verified and put in place, on an error only the journal is kept.

    Args:
        path: the file to make; until everything is done nothing there changes.
        ids: utterances, in the order in which they will be appended.
        shape: shape of one frame, e.g. `(300,)` or `(64, 64)`.
        dtype: of the values, e.g. `float32`, `float16`, `uint8`.
        attributes: provenance, stored in the file: text and numbers.
        scratch: folder for unfinished work; may be on another file system.
        flush_every: at most so many items are lost by a kill.
        key: whatever else the result depends on but must not be stored in the file, e.g. `fingerprint` of the media.

    Attributes:
        done: items already there from an interrupted run with the very same arguments.

    Raises:
        EmotionError: another run writes the same file, or the disk is full.
    """

    def __init__(
        self,
        path: Path,
        *,
        ids: Sequence[str],
        shape: tuple[int, ...],
        dtype: str,
        attributes: Mapping[str, Any],
        scratch: Path,
        flush_every: int = 32,
        key: str = "",
    ) -> None:
        self.path, self.ids, self.shape, self.dtype = path, list(ids), shape, np.dtype(dtype)
        self.attributes = dict(attributes)
        self.flush_every = flush_every
        if len(set(self.ids)) != len(self.ids):
            raise EmotionError(f"{path}: utterance ids are not unique; every row of the index needs its own id")
        known = [layout.SCHEMA, self.ids, shape, self.dtype.name, sorted(self.attributes.items()), key]
        try:
            self._lock_path = scratch / f"{path.stem}-{_sha256(str(path.resolve()))[:16]}.lock"
            self._lock = lock(self._lock_path)
        except Busy:
            raise EmotionError(f"{path}: another run is writing this file; wait for it or stop it first") from None
        try:
            self._journal = _free_journal(scratch / f"{path.stem}-{_sha256(json.dumps(known))[:32]}")
        except BaseException:
            unlock(self._lock, self._lock_path)
            raise
        self._released = False
        self.done = len(self._journal.metas)

    @property
    def reasons(self) -> list[str]:
        """Reason of every item so far, '' where it is present."""
        return [meta["reason"] for meta in self._journal.metas]

    def append(self, values: NDArray[Any] | None, reason: str = "", note: Mapping[str, Any] | None = None) -> None:
        """Add the next item.

        Args:
            values: `(t, *shape)` with t >= 1, or None where the modality is missing.
            reason: why it is missing; a short kind first, then a colon and the details.
            note: JSON values about the item, kept in the file.
        """
        assert len(self._journal.metas) < len(self.ids), "more items than ids"
        assert (values is None) == bool(reason), "an item has values, or else a reason"
        meta = {"t": 0, "reason": reason, "note": json.dumps(note, sort_keys=True) if note else ""}
        if values is None:
            self._journal.append(meta, b"")
        else:
            if values.shape[1:] != self.shape or values.dtype != self.dtype or len(values) == 0:
                expected = f"(t, {', '.join(map(str, self.shape))}) {self.dtype}"
                raise ValueError(
                    f"{self.path}: got values {values.shape} {values.dtype}, expected {expected} with t >= 1"
                )
            meta["t"] = len(values)
            self._journal.append(meta, np.ascontiguousarray(values).data.cast("B"))
        if len(self._journal.metas) % self.flush_every == 0:
            self._journal.flush()

    def close(self) -> None:
        """Write the file beside its place, verify it, put it in place and forget the journal.

        Raises:
            EmotionError: the file cannot be written or does not verify; what was at `path` is untouched.
        """
        metas = self._journal.metas
        assert len(metas) == len(self.ids), f"{len(metas)} of {len(self.ids)} items"
        partial = self.path.with_name(self.path.name + ".partial")
        try:
            self._journal.flush()
            self._put(partial)
            self._journal.delete()
        except EmotionError:
            self._journal.delete()  # what does not verify must not be taken up again
            raise
        except (OSError, RuntimeError) as error:  # h5py raises both
            cause = " ".join(str(error).split())
            raise EmotionError(
                f"{self.path}: cannot be written ({cause}); free some space there and run again, finished work is kept"
            ) from None
        finally:
            partial.unlink(missing_ok=True)
            self._release()

    def _put(self, partial: Path) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        metas = self._journal.metas
        layout.write(
            partial,
            self._journal.payloads(),
            lengths=[meta["t"] for meta in metas],
            shape=self.shape,
            dtype=self.dtype,
            ids=self.ids,
            reasons=[meta["reason"] for meta in metas],
            notes=[meta["note"] for meta in metas],
            attributes=self.attributes,
        )
        verify(partial)
        sync(partial)
        partial.replace(self.path)
        sync(self.path.parent)

    def _release(self) -> None:
        if not self._released:
            self._released = True
            self._journal.close()
            unlock(self._lock, self._lock_path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.close()
            else:
                with contextlib.suppress(EmotionError):  # a full disk may be what brought us here
                    self._journal.flush()
        finally:
            self._release()


class Cache:
    """Reads a cache; values stay in the file until they are asked for.

    Args:
        path: the file.

    Attributes:
        ids: utterances, in the order of the index.
        present: (n,) bool.
        reason: why the modality is missing, '' where it is present.
        notes: what the extraction noted about each utterance.
        offsets: (n + 1,) int64.
        shape: of one row of an item's values.
        attributes: provenance.

    Raises:
        EmotionError: there is no such file, or it is not a cache.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise EmotionError(f"{path}: no such file; run the stage that makes it (`dvc repro`)")
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            raise layout.broken(path, f"it is not a readable HDF5 file ({' '.join(str(error).split())})") from None
        try:
            self._open()
        except (OSError, RuntimeError, KeyError, ValueError) as error:  # what h5py and json raise on damaged content
            self._file.close()
            raise error if isinstance(error, EmotionError) else layout.broken(path, str(error)) from None

    def _open(self) -> None:
        layout.check_head(self.path, self._file)
        self._values = self._file["values"]
        self.shape: tuple[int, ...] = self._values.shape[1:]
        self.offsets: NDArray[np.int64] = self._file["offsets"][()]
        self.present: NDArray[np.bool_] = self._file["present"][()]
        self.ids: list[str] = layout.strings(self._file["ids"])
        self.reason: list[str] = layout.strings(self._file["reason"])
        self.notes: list[dict[str, Any]] = [json.loads(text or "{}") for text in layout.strings(self._file["notes"])]
        self.attributes: dict[str, Any] = dict(self._file.attrs)
        self._rows = {utterance: row for row, utterance in enumerate(self.ids)}

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, i: int) -> NDArray[Any]:
        """Values of item i, `(t, *shape)`; t = 0 where it is missing."""
        result: NDArray[Any] = self._values[self.offsets[i] : self.offsets[i + 1]]
        return result

    def row(self, utterance: str) -> int:
        """Position of an utterance.

        Raises:
            EmotionError: the cache does not hold it.
        """
        if utterance not in self._rows:
            raise EmotionError(
                f"{self.path}: utterance {utterance} is not in it ({len(self)} others are); extract again"
            )
        return self._rows[utterance]

    def values(self) -> NDArray[Any]:
        """All values in one read, `(sum of t, *shape)`."""
        result: NDArray[Any] = self._values[()]
        return result

    def check(self) -> None:
        """Read everything once; raises EmotionError where structure, finiteness or the checksum are wrong."""
        try:
            layout.check_content(self.path, self._file)
        except (OSError, RuntimeError) as error:
            raise layout.broken(self.path, str(error)) from None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def verify(path: Path) -> None:
    """Check structure, counts, finiteness and checksum of a cache.

    Raises:
        EmotionError: names the file, what is wrong and how to mend it.
    """
    with Cache(path) as cache:
        cache.check()


def _free_journal(stem: Path) -> Journal:
    """The journal of this work; where a run with another output holds it (a copy of the workspace), one of our own."""
    number = 0
    while True:
        try:
            return Journal(stem.with_name(f"{stem.name}{f'-{number}' if number else ''}.journal"))
        except Busy:
            number += 1


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
