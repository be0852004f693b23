"""From videos to one face clip per utterance: every video is decoded once, for all its utterances.

index -> shards of whole videos -> engine -> clips per utterance -> cache, in the order of the index
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import av
import cv2

from emotion.cache import Cache
from emotion.corpus.utterance import Index, Utterance
from emotion.errors import ABSENT, MediaError
from emotion.extraction import engine
from emotion.extraction.engine import Executor, Item
from emotion.extraction.outcome import kinds
from emotion.extraction.provenance import versions, write_card
from emotion.files import write_text
from emotion.media.detectors import make_detector
from emotion.media.faces import FaceTrack
from emotion.media.video import Video, frame_numbers
from emotion.writer import CacheWriter, fingerprint

_REVISION = 2  # raise it when the same media and settings give other clips: unfinished work of before is then not used
_SHARD = 16  # utterances: small videos are put together until there are so many

Span = tuple[float, float, str]  # start in s, end in s, side


def extract_faces(
    index: Index,
    *,
    root: Path,
    out: Path,
    report: Path,
    scratch: Path,
    detector: str,
    size: int,
    fps: float,
    detect_every: int,
    fallback: str,
    max_missing: float,
    on_error: str,
    execute: Executor,
) -> None:
    """Write the clip cache, a card beside it, and the report on face coverage.

    Args:
        index: the utterances.
        root: the corpus's folder, to which the videos' paths are relative.
        out: the cache to write, uint8 (t, size, size) per utterance.
        report: JSON: coverage (share of examined frames in which the face was found) overall and per speaker, what is
            missing and why.
        scratch: folder for unfinished work; the same call goes on there after a kill.
        detector: `haar` or the path of a YuNet .onnx file.
        size: px, side of the clips.
        fps: frames per second of the clips (at most the video's own).
        detect_every: the detector looks at every so many of these frames.
        fallback: what a clip shows where no face is found, see `FaceTrack`.
        max_missing: share 0..1 of utterances that may stay without a clip.
        on_error: `skip` or `fail`, see `engine.run`.
        execute: who does it (`executors.choose`). Does not change the result.

    Raises:
        EmotionError: too many utterances are missing, the detector is unknown, the disk is full, or another run writes
            the same file; `out` and `report` are then as before.
    """
    make_detector(detector)  # wrong names should fail before any work
    rows = index.utterances
    how: dict[str, Any] = {"detector": detector, "size": size, "fps": fps, "detect_every": detect_every}
    how["fallback"] = fallback
    media = sorted({row.video for row in rows if row.video})
    writer = CacheWriter(
        out,
        ids=[row.utterance for row in rows],
        shape=(size, size),
        dtype="uint8",
        attributes={
            "modality": "face",
            "index": index.digest,
            "settings": json.dumps(how | {"revision": _REVISION}, sort_keys=True),
            "versions": versions("av", "numpy", "opencv-python"),
        },
        scratch=scratch,
        flush_every=0,
        key=fingerprint([root / name for name in media]),
    )
    job = FaceJob(root=root, **how)
    engine.run(writer, rows, job, shards(rows), execute=execute, on_error=on_error, max_missing=max_missing)
    write_card(out)
    with Cache(out) as cache:
        write_text(report, json.dumps(_summary(rows, cache.reason, cache.notes), indent=2) + "\n")


@dataclass(frozen=True, kw_only=True)
class FaceJob:
    """Decodes the videos of a shard; see `extract_faces` for the arguments and `engine.Job`."""

    root: Path
    detector: str
    size: int
    fps: float
    detect_every: int
    fallback: str
    what: str = "face clips"
    device: str = "cpu"

    def __call__(self, rows: Sequence[Utterance]) -> list[Item]:
        """Clips (t, size, size) uint8 with the track's quality as their notes."""
        items: dict[int, Item] = {}
        for video, positions in _by_video(rows).items():
            spans = [(rows[position].start, rows[position].end, rows[position].side) for position in positions]
            clips = self._clips(video, spans) if video else [Item(None, f"no video: {ABSENT}")] * len(spans)
            items.update(zip(positions, clips, strict=True))
        return [items[position] for position in range(len(rows))]

    def _clips(self, video: str, spans: Sequence[Span]) -> list[Item]:
        return video_clips(
            self.root / video,
            spans,
            detector=self.detector,
            size=self.size,
            fps=self.fps,
            detect_every=self.detect_every,
            fallback=self.fallback,
        )

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


def video_clips(
    path: Path, spans: Sequence[Span], *, detector: str, size: int, fps: float, detect_every: int, fallback: str
) -> list[Item]:
    """Decode one video once and cut the face clips of all its utterances, overlapping ones included.

    Args:
        path: the video.
        spans: start (s), end (s) and side of each utterance.
        detector: see `extract_faces`, as the other arguments.
        size: px.
        fps: frames per second.
        detect_every: in frames of the clip.
        fallback: see `FaceTrack`.

    Returns:
        One item per span: a clip (t, size, size) uint8, or None with the reason; its note is the track's quality.
    """
    try:
        with Video(path) as video:
            track = partial(FaceTrack, make_detector(detector), size=size, every=detect_every, fallback=fallback)
            return _cut(video, spans, track, fps)
    except MediaError as error:
        return [Item(None, str(error)) for _ in spans]
    except (cv2.error, av.FFmpegError) as error:
        reason = f"undecodable video: {path} ({' '.join(str(error).split())})"
        return [Item(None, reason) for _ in spans]


def _cut(video: Video, spans: Sequence[Span], new_track: Callable[..., FaceTrack], fps: float) -> list[Item]:
    """One pass over the video; every span has a track of its own, from its first frame to its last."""
    plans = [frame_numbers(start, end, video_fps=video.fps, fps=fps) for start, end, _ in spans]
    users: dict[int, list[int]] = {}
    for span, plan in enumerate(plans):
        for number in plan.tolist():
            users.setdefault(number, []).append(span)
    tracks: dict[int, FaceTrack] = {}
    clips: dict[int, Item] = {}
    for number, picture in video.frames(sorted(users)):
        for span in users[number]:
            if span not in tracks:
                tracks[span] = new_track(fps=min(fps, video.fps))
            tracks[span].add(picture.grey(spans[span][2]))
            if number == plans[span][-1]:
                clips[span] = _finish(tracks.pop(span), spans[span])
    for span, unfinished in tracks.items():  # the video ended within them
        clips[span] = _finish(unfinished, spans[span], cut=True)
    return [clips.get(span) or Item(None, video.end(*spans[span][:2])) for span in range(len(spans))]


def _finish(face: FaceTrack, span: Span, *, cut: bool = False) -> Item:
    clip, quality = face.finish()
    note = quality.note()
    if cut:
        note["cut"] = True
    if clip is None:
        return Item(None, f"no face found: in none of {quality.examined} frames of {_times(span)}", note)
    return Item(clip, "", note)


def _times(span: Span) -> str:
    return f"{span[0]:g}-{span[1]:g} s"


def _summary(rows: Sequence[Utterance], reasons: Sequence[str], notes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The report's content."""
    speakers: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        speakers.setdefault(row.speaker, []).append(position)
    everyone = list(range(len(rows)))
    return {
        **_coverage(everyone, reasons, notes),
        "reasons": kinds(reasons),
        "missing_utterances": {row.utterance: reason for row, reason in zip(rows, reasons, strict=True) if reason},
        "cut_short": sum(bool(note.get("cut")) for note in notes),
        "fixed_window": sum(bool(note.get("fallback")) for note in notes),
        "speakers": {name: _coverage(speakers[name], reasons, notes) for name in sorted(speakers)},
    }


def _coverage(
    positions: Sequence[int], reasons: Sequence[str], notes: Sequence[dict[str, Any]]
) -> dict[str, float | int]:
    """Numbers of some utterances: frames in which the face was found, mean score, longest time without it."""
    seen = [notes[position] for position in positions if notes[position]]
    examined, found = sum(note["examined"] for note in seen), sum(note["found"] for note in seen)
    score = sum(note["score"] * note["found"] for note in seen)
    return {
        "coverage": round(found / max(1, examined), 4),
        "utterances": len(positions),
        "missing": sum(bool(reasons[position]) for position in positions),
        "mean_score": round(score / max(1, found), 3),
        "longest_gap": round(max((note["gap"] for note in seen), default=0.0), 3),
    }
