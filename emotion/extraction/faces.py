"""From videos to one face clip per utterance: every video is decoded once, for all its utterances.

index -> shards of whole videos -> engine -> clips, one by one as they are cut -> cache, in the order of the index
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from emotion.core.closure import digest_of
from emotion.core.errors import ABSENT
from emotion.core.files import write_text
from emotion.corpus.utterance import Index, Utterance
from emotion.extraction import engine
from emotion.extraction.contact_sheet import write_sheet
from emotion.extraction.coverage import by_session, summary, table
from emotion.extraction.engine import Executor, Item, Placed
from emotion.extraction.one_video import video_clips
from emotion.extraction.provenance import public, versions, write_card
from emotion.media.detectors import make_detector
from emotion.media.settings import Clips
from emotion.store.cache import Cache
from emotion.store.trained import Training
from emotion.store.writer import CacheWriter, fingerprint

_SESSIONS = "## What the clips show\n\nThe worst are in `faces.png`; all are in `faces.csv`.\n\n"
_SHARD = 16  # utterances: small videos are put together until there are so many


def extract_faces(
    index: Index,
    *,
    root: Path,
    out: Path,
    report: Path,
    details: Path,
    scratch: Path,
    clips: Clips,
    max_seconds: float,
    max_missing: float,
    on_error: str,
    execute: Executor,
) -> None:
    """Write the clip cache, beside it a card (.md) and a picture of its worst clips (.png), and two reports.

    Args:
        index: the utterances.
        root: the corpus's folder, to which the videos' paths are relative.
        out: the cache to write, uint8 (t, size, size) per utterance.
        report: JSON: coverage (share of the delivered frames that show the face), what is missing and why, see
            `coverage.summary`.
        details: CSV: the same per utterance, see `coverage.table`.
        scratch: folder for unfinished work; the same call goes on there after a kill.
        clips: how faces are found and cut out.
        max_seconds: s of an utterance that are read at most; the rest of a longer one is left out, and counted.
        max_missing: see `engine.run`, as for the others.
        on_error: `skip` or `fail`.
        execute: who does it.

    Raises:
        EmotionError: too many utterances are missing, the detector is unknown, the disk is full, or another run writes
            the same file; `out`, `report` and `details` are then as before.
    """
    make_detector(clips.detector, score=clips.score)  # wrong names should fail before any work
    rows = index.utterances
    how = clips.used() | {"max_seconds": max_seconds}
    media = sorted({row.video for row in rows if row.video})
    writer = CacheWriter(
        out,
        ids=[row.utterance for row in rows],
        shape=clips.shape,
        dtype="uint8",
        attributes={
            "modality": "face",
            "index": index.digest,
            "settings": json.dumps(public(how), sort_keys=True),
            "versions": versions("av", "numpy", "opencv-python"),
        },
        scratch=scratch,
        key=f"{fingerprint([root / name for name in media])} {digest_of(Path(__file__))}",
        training=Training(),
        root=root,
    )
    job = FaceJob(root, clips, max_seconds)
    engine.run(writer, rows, job, shards(rows), execute=execute, on_error=on_error, max_missing=max_missing)
    with Cache(out) as cache:
        frames = np.diff(cache.offsets).tolist()
        write_card(out, more=_SESSIONS + by_session(rows, cache.notes, frames=frames))
        write_sheet(out.with_suffix(".png"), cache, cache.notes)
        write_text(details, table(rows, cache.reason, cache.notes, frames=frames))
        write_text(report, json.dumps(summary(cache.reason, cache.notes, frames=frames), indent=2) + "\n")


@dataclass(frozen=True)
class FaceJob:
    """Decodes the videos of a shard; see `extract_faces` for the arguments and `engine.Job`."""

    root: Path
    clips: Clips
    max_seconds: float
    what: str = "face clips"
    device: str = "cpu"

    def __call__(self, rows: Sequence[Utterance]) -> Iterator[Placed]:
        """Clips (t, size, size) uint8 with the track's quality as their notes."""
        for video, positions in _by_video(rows).items():
            if video:
                spans = [(rows[position].start, rows[position].end, rows[position].side) for position in positions]
                found = video_clips(self.root / video, spans, self.clips, max_seconds=self.max_seconds)
            else:
                found = ((place, Item(None, f"no video: {ABSENT}")) for place in range(len(positions)))
            yield from ((positions[place], item) for place, item in found)

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        """See `engine.Job`."""
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            yield
        finally:
            cv2.setNumThreads(threads)


def shards(rows: Sequence[Utterance]) -> list[list[int]]:
    """Row numbers of whole videos, in the order of their first utterances; small videos are put together."""
    result: list[list[int]] = []
    for positions in _by_video(rows).values():
        if result and len(result[-1]) + len(positions) <= _SHARD:
            result[-1] += positions
        else:
            result.append(list(positions))
    return result


def _by_video(rows: Sequence[Utterance]) -> dict[str, list[int]]:
    videos: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        videos.setdefault(row.video, []).append(position)
    return videos
