"""From videos to one face clip per utterance: every video is decoded once, for all its utterances.

    index -> videos, in order of first use -> processes -> clips per utterance -> cache, in the order of the index

At most `workers + 1` videos are on their way, so memory does not grow with the corpus.
"""

import json
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from emotion.cache import Cache, CacheWriter, fingerprint
from emotion.corpus.utterance import Index, Utterance
from emotion.errors import ABSENT, EmotionError, MediaError
from emotion.extraction.outcome import check_missing, kinds, say_outcome
from emotion.files import write_text
from emotion.media.faces import FaceTrack, make_detector
from emotion.media.video import Video, frame_numbers, half
from emotion.progress import track

_REVISION = 1  # raise it when the same media and settings give other clips: unfinished work of before is then not used

Span = tuple[float, float, str]  # start in s, end in s, side


@dataclass(frozen=True, slots=True)
class Clip:
    """A face clip (t, size, size) uint8, or None with the reason; note = the track's quality."""

    values: NDArray[np.uint8] | None
    reason: str
    note: dict[str, Any]


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
    max_missing: float,
    workers: int,
) -> None:
    """Write the clip cache and the report on face coverage.

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
        max_missing: share 0..1 of utterances that may stay without a clip.
        workers: processes; 1 = no others. Does not change the result.

    Raises:
        EmotionError: too many utterances are missing, the detector is unknown, the disk is full, or another run writes
            the same file; `out` and `report` are then as before.
    """
    make_detector(detector)  # a wrong name should fail before any work
    rows = index.utterances
    settings = {"detector": detector, "size": size, "fps": fps, "detect_every": detect_every, "revision": _REVISION}
    media = sorted({row.video for row in rows if row.video})
    writer = CacheWriter(
        out,
        ids=[row.utterance for row in rows],
        shape=(size, size),
        dtype="uint8",
        attributes={"modality": "face", "index": index.digest, "settings": json.dumps(settings, sort_keys=True)},
        scratch=scratch,
        key=fingerprint([root / name for name in media]),
    )
    decode = partial(video_clips, detector=detector, size=size, fps=fps, detect_every=detect_every)
    with writer:
        clips = _in_order(rows[writer.done :], root, decode, workers)
        for clip in track(clips, total=len(rows), title="faces", unit="utterances", done=writer.done):
            writer.append(clip.values, clip.reason, clip.note)
        check_missing(writer.reasons, max_missing=max_missing, what="face clips")
    with Cache(out) as cache:
        reasons = cache.reason
        write_text(report, json.dumps(_summary(rows, reasons, cache.notes), indent=2) + "\n")
    say_outcome(reasons, what="face clips", out=out)


def video_clips(
    path: Path, spans: Sequence[Span], *, detector: str, size: int, fps: float, detect_every: int
) -> list[Clip]:
    """Decode one video once and cut the face clips of all its utterances, overlapping ones included.

    Args:
        path: the video.
        spans: start (s), end (s) and side of each utterance.
        detector: see `extract_faces`, as the other arguments.
        size: px.
        fps: frames per second.
        detect_every: in frames of the clip.

    Returns:
        One clip per span.
    """
    try:
        with Video(path) as video:
            return _cut(video, spans, partial(FaceTrack, make_detector(detector), size=size, every=detect_every), fps)
    except MediaError as error:
        return [Clip(None, str(error), {}) for _ in spans]
    except cv2.error as error:
        reason = f"undecodable video: {path} ({' '.join(str(error).split())})"
        return [Clip(None, reason, {}) for _ in spans]


def _cut(video: Video, spans: Sequence[Span], new_track: Callable[..., FaceTrack], fps: float) -> list[Clip]:
    """One pass over the video; every span has a track of its own, from its first frame to its last."""
    plans = [frame_numbers(start, end, video_fps=video.fps, fps=fps) for start, end, _ in spans]
    users: dict[int, list[int]] = {}
    for span, plan in enumerate(plans):
        for number in plan.tolist():
            users.setdefault(number, []).append(span)
    tracks: dict[int, FaceTrack] = {}
    clips: dict[int, Clip] = {}
    for number, picture in video.frames(sorted(users)):
        greys: dict[str, NDArray[np.uint8]] = {}
        for span in users[number]:
            side = spans[span][2]
            if side not in greys:
                greys[side] = cv2.cvtColor(half(picture, side), cv2.COLOR_BGR2GRAY)
            if span not in tracks:
                tracks[span] = new_track(fps=min(fps, video.fps))
            tracks[span].add(greys[side])
            if number == plans[span][-1]:
                clips[span] = _finish(tracks.pop(span), spans[span])
    for span, unfinished in tracks.items():  # the video ended within them
        clips[span] = _finish(unfinished, spans[span], cut=True)
    return [clips.get(span) or Clip(None, video.end(), {}) for span in range(len(spans))]


def _finish(face: FaceTrack, span: Span, *, cut: bool = False) -> Clip:
    clip, quality = face.finish()
    note = asdict(quality)
    if cut:
        note["cut"] = True
    if clip is None:
        return Clip(None, f"no face found: in none of {quality.examined} frames of {_times(span)}", note)
    return Clip(clip, "", note)


def _times(span: Span) -> str:
    return f"{span[0]:g}-{span[1]:g} s"


def _in_order(
    rows: Sequence[Utterance], root: Path, decode: Callable[[Path, Sequence[Span]], list[Clip]], workers: int
) -> Iterator[Clip]:
    """Clips in the order of the rows; videos are decoded in the order of their first row, a few ahead."""
    videos: dict[str, list[int]] = {}
    for position, row in enumerate(rows):
        videos.setdefault(row.video, []).append(position)
    no_video = videos.pop("", [])
    ready = {position: Clip(None, f"no video: {ABSENT}", {}) for position in no_video}
    jobs = [(root / name, [_span(rows[position]) for position in videos[name]]) for name in videos]
    results = _decoded(jobs, decode, workers)
    waiting = iter(videos.values())
    for position in range(len(rows)):
        while position not in ready:
            ready.update(zip(next(waiting), next(results), strict=True))
        yield ready.pop(position)


def _span(row: Utterance) -> Span:
    return row.start, row.end, row.side


def _decoded(
    jobs: Sequence[tuple[Path, list[Span]]], decode: Callable[[Path, Sequence[Span]], list[Clip]], workers: int
) -> Iterator[list[Clip]]:
    """Results of the jobs, in order."""
    if workers == 1 or len(jobs) < 2:
        threads = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            for path, spans in jobs:
                yield decode(path, spans)
        finally:
            cv2.setNumThreads(threads)
        return
    pool = ProcessPoolExecutor(min(workers, len(jobs)), mp_context=get_context("spawn"), initializer=_start_worker)
    running: deque[Future[list[Clip]]] = deque()
    try:
        for path, spans in jobs:
            running.append(pool.submit(decode, path, spans))
            if len(running) > workers:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    except BrokenProcessPool:
        raise EmotionError(
            "faces: a worker process died (out of memory?); run again to continue; EMOTION_WORKERS=1 needs less memory"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """One core per process; Ctrl-C is the parent's to handle; no orphans when the parent is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    parent = parent_process()
    assert parent is not None
    threading.Thread(target=_exit_with, args=(parent.sentinel,), daemon=True).start()


def _exit_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


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
