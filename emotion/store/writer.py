"""Writing a feature cache safely: resumed after a kill, verified, then put in place.

Work in progress lives in a journal under the scratch folder (`emotion.store.journal`), in whatever order it is
finished; the file (`emotion.store.layout`) is written from it in one go and in the order of the ids, so its bytes do
not depend on whether, where or how often the work was interrupted.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import Busy, EmotionError, cannot
from emotion.core.files import sync, write_text
from emotion.core.locks import hold
from emotion.store import layout, trained
from emotion.store.attributes import check_attributes
from emotion.store.cache import Cache
from emotion.store.journal import Journal
from emotion.store.opening import Damaged
from emotion.store.structure import Unfit


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
        ids: utterances, in the order of the file.
        shape: shape of one frame, e.g. `(300,)` or `(64, 64)`.
        dtype: of the values, e.g. `float32`, `float16`, `uint8`.
        attributes: provenance, stored in the file: text and numbers.
        scratch: folder for unfinished work; may be on another file system.
        key: whatever else the result depends on but must not be stored in the file, e.g. `fingerprint` of the media.
        training: which utterances the encoder knows; None where nobody knows.
        root: the corpus's folder: reasons name its files without it.

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
        key: str = "",
        training: trained.Training | None = None,
        root: Path | None = None,
    ) -> None:
        self.path, self.ids, self.shape, self.dtype = path, list(ids), shape, np.dtype(dtype)
        self.attributes, self.training = dict(attributes), training
        self._roots = [] if root is None else sorted({f"{root}/", f"{root.resolve()}/"} - {"./", "/"}, key=len)[::-1]
        if len(set(self.ids)) != len(self.ids):
            raise EmotionError(f"{path}: utterance ids are not unique; every row of the index needs its own id")
        try:
            check_attributes(self.attributes)
        except Unfit as error:
            raise EmotionError(f"{path}: {error}; use shorter settings") from None
        self._key = self._work_key(key)
        stem = f"{path.stem}-{_sha256(str(path.resolve()))[:16]}"
        self._held = contextlib.ExitStack()
        self._held.enter_context(hold(path))
        try:
            self._finished = scratch / f"{stem}.finished"
            self._journal = _free_journal(scratch / f"{path.stem}-{self._key[:32]}")
        except BaseException:
            self._held.close()
            raise
        self._released = False
        # Which record of the journal holds which item; whatever its order, each is there once.
        self._records = {int(meta["i"]): number for number, meta in enumerate(self._journal.metas)}
        self.done = len(self._records)
        self._next = 0

    @property
    def missing(self) -> list[int]:
        """Positions of the items still to come."""
        return [position for position in range(len(self.ids)) if position not in self._records]

    @property
    def reasons(self) -> list[str]:
        """Reason of every item there is so far, '' where it is present, in the order of the ids."""
        return [self._meta(position)["reason"] for position in sorted(self._records)]

    def append(self, values: NDArray[Any] | None, reason: str = "", note: Mapping[str, Any] | None = None) -> None:
        """Add the first of the missing items; see `put`. For those who add all items in order."""
        while self._next in self._records:
            self._next += 1
        assert self._next < len(self.ids), "more items than ids"
        self.put(self._next, values, reason, note)

    def put(
        self, position: int, values: NDArray[Any] | None, reason: str = "", note: Mapping[str, Any] | None = None
    ) -> None:
        """Add the item at a position of `ids`, in any order.

        Args:
            position: of its utterance.
            values: `(t, *shape)` with t >= 1, or None where the modality is missing.
            reason: why it is missing; a short kind first, then a colon and the details.
            note: JSON values about the item, kept in the file.
        """
        assert 0 <= position < len(self.ids) and position not in self._records, f"item {position} is there or unknown"
        assert (values is None) == bool(reason), "an item has values, or else a reason"
        for root in self._roots:
            reason = reason.replace(root, "")
        meta = {"i": position, "t": 0, "reason": reason, "note": json.dumps(note, sort_keys=True) if note else ""}
        payload: bytes | memoryview = b""
        if values is not None:
            if values.shape[1:] != self.shape or values.dtype != self.dtype or len(values) == 0:
                expected = f"(t, {', '.join(map(str, self.shape))}) {self.dtype}"
                raise ValueError(
                    f"{self.path}: got values {values.shape} {values.dtype}, expected {expected} with t >= 1"
                )
            meta["t"] = len(values)
            payload = np.ascontiguousarray(values).data.cast("B")
        self._records[position] = len(self._journal.metas)
        self._journal.append(meta, payload)

    def flush(self) -> None:
        """Wait until the disk has all items so far; a kill cannot lose them any more."""
        self._journal.flush()

    def already_there(self) -> list[str] | None:
        """Reasons in the finished file where it is the result of the very same work, None where it is not."""
        try:
            key, checksum, *state = json.loads(self._finished.read_text(encoding="utf-8"))
            with Cache(self.path) as cache:
                if key == self._key and checksum == cache.attributes.get(layout.CHECKSUM):
                    if state != _state(self.path):  # copied, checked out, or changed by hand since
                        cache.check()
                    return cache.reason
        except (EmotionError, OSError, ValueError, TypeError):
            pass
        return None

    def close(self) -> None:
        """Write the file beside its place, verify it, put it in place and forget the journal.

        Raises:
            EmotionError: the file cannot be written or does not verify; what was at `path` is untouched.
        """
        assert len(self._records) == len(self.ids), f"{len(self._records)} of {len(self.ids)} items"
        partial = self.path.with_name(self.path.name + ".partial")
        try:
            self._journal.flush()
            self._put(partial)
            self._journal.delete()
        except Damaged as error:
            self._journal.delete()  # what does not verify must not be taken up again
            raise EmotionError(
                f"{self.path}: what was written does not verify: {error.what}; run again; if it comes again, look at "
                "the disk (dmesg)"
            ) from None
        except (OSError, RuntimeError) as error:  # h5py raises both
            raise EmotionError(f"{cannot('be written', self.path, error)}; finished work is kept") from None
        finally:
            partial.unlink(missing_ok=True)
            self._release()

    def _work_key(self, key: str) -> str:
        """Names this work by all that its result depends on."""
        known = [layout.SCHEMA, self.ids, self.shape, self.dtype.name, sorted(self.attributes.items()), key]
        lists = self.training.as_json() if self.training else {}
        return _sha256(json.dumps([*known, trained.state(self.training), lists]))

    def _put(self, partial: Path) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        metas = [self._meta(position) for position in range(len(self.ids))]
        layout.write(
            partial,
            self._journal.payloads([self._records[position] for position in range(len(self.ids))]),
            lengths=[meta["t"] for meta in metas],
            shape=self.shape,
            dtype=self.dtype,
            ids=self.ids,
            reasons=[meta["reason"] for meta in metas],
            notes=[meta["note"] for meta in metas],
            attributes=self.attributes,
            training=self.training,
        )
        with Cache(partial) as cache:
            cache.check()
            checksum = cache.attributes[layout.CHECKSUM]
        sync(partial)
        partial.replace(self.path)
        sync(self.path.parent)
        record = [self._key, checksum, *_state(self.path)]
        write_text(self._finished, json.dumps(record) + "\n")

    def _meta(self, position: int) -> dict[str, Any]:
        return self._journal.metas[self._records[position]]

    def _release(self) -> None:
        if not self._released:
            self._released = True
            self._journal.close()
            self._held.close()

    def abandon(self) -> None:
        """Let go without writing anything, because the file is already there; a kill may have left its journal."""
        self._journal.delete()
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None and not self._released:
                self.close()
            elif not self._released:
                with contextlib.suppress(EmotionError):  # a full disk may be what brought us here
                    self._journal.flush()
        finally:
            self._release()


def _state(path: Path) -> list[int]:
    """Size and modification time (ns): where they are as before, nobody has touched the file."""
    state = path.stat()
    return [state.st_size, state.st_mtime_ns]


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
