"""Opening sound and video files that nobody vouches for: which library reads them, and how long they say they are."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import av
import soundfile
from av.container import InputContainer
from av.stream import Disposition, Stream

from emotion.core.errors import MediaError
from emotion.core.text import shortened

SOUND: Final = frozenset(soundfile.available_formats()) - {"RAW"}
"""Suffixes of sound files, in capitals; raw samples say nothing of themselves. All else is for FFmpeg."""

BROKEN: Final = (av.FFmpegError, OSError, RuntimeError, ValueError, IndexError, ArithmeticError, MemoryError)
"""What libsndfile (RuntimeError), FFmpeg and their callers raise on a damaged file; MediaError is a ValueError."""

_IN_WORDS: Final[Mapping[type[BaseException], str]] = {
    av.InvalidDataError: "no sound or pictures in it can be read: it is damaged, cut off or another kind of file",
    av.EOFError: "it ends before anything in it can be read",
    av.ExitError: "reading it takes too long",
    av.DecoderNotFoundError: "FFmpeg has no decoder for it here",
}
# What claims to be a medium may be a list of other files; these must not be opened, here or on the network.
_OPTIONS: Final = {"protocol_whitelist": "file"}
_LISTS: Final = frozenset({"concat", "hls", "dash", "imf", "image2", "webm_dash_manifest"})
# Of a picture's name FFmpeg makes a list of numbered ones (image2); these read the one file. By the first bytes.
_PICTURES: Final = {
    b"\xff\xd8\xff": "jpeg_pipe",
    b"\x89PNG": "png_pipe",
    b"BM": "bmp_pipe",
    b"RIFF": "webp_pipe",
    b"II*\0": "tiff_pipe",
    b"MM\0*": "tiff_pipe",
}
_PICTURE_NAMES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
_PATIENCE: Final = 30.0  # s that opening, and reading the next packet, may take
_ENDLESS: Final = 1 << 48  # samples; libsndfile's "unknown" is larger

# Formats that FFmpeg knows by more than a guess: what libsndfile refuses is taken only where it is one of these.
_SURE: Final = frozenset({"wav", "w64", "aiff", "au", "caf", "flac", "ogg", "mov", "matroska", "asf", "avi", "amr"})
_FROM_STAMPS: Final = frozenset({"mpegts", "mpeg"})  # their length is the distance of their first and last time stamps
_BY_BIT_RATE: Final = frozenset({"aac", "ac3", "eac3", "dts", "mp3", "amr", "h264", "hevc", "m4v", "mpegvideo", "obu"})


def open_container(path: Path, *, problem: str) -> InputContainer:
    """Open a file with FFmpeg; to be closed, or used as a context manager.

    Raises:
        MediaError: FFmpeg cannot read it or takes too long, or it is a list of other files. The message begins with
            `problem`, e.g. `undecodable audio`.
    """
    try:
        container = av.open(
            str(path), format=_form(path), options=_OPTIONS, metadata_errors="ignore", timeout=_PATIENCE
        )
    except BROKEN as error:
        raise MediaError(f"{problem}: {path} ({one_line(error)})") from None
    if not _LISTS.isdisjoint(_names(container)):
        container.close()
        raise MediaError(f"{problem}: {path} is a list of other files ({container.format.name})")
    return container


def sound_header(path: Path) -> tuple[int, int]:
    """Samples and their rate (Hz) of a file that libsndfile reads from any place on.

    Returns:
        (0, 0) where it is a matter for FFmpeg: no sound file by its name, of a kind that libsndfile only reads
        forwards (GSM), or with a header that does not know its length (a recorder that was killed).

    Raises:
        MediaError: libsndfile refuses it, and FFmpeg would only guess what it is.
    """
    if path.suffix[1:].upper() not in SOUND:
        return 0, 0
    try:
        with soundfile.SoundFile(path) as file:
            known = file.seekable() and 0 < file.frames < _ENDLESS
            return (int(file.frames), int(file.samplerate)) if known else (0, 0)
    except BROKEN as error:
        refused = MediaError(f"undecodable audio: {path} ({one_line(error)})")
    try:
        with open_container(path, problem="undecodable audio") as container:
            usable = not _SURE.isdisjoint(_names(container)) and sound_track(container) is not None
    except (MediaError, *BROKEN):
        usable = False
    if not usable:
        raise refused
    return 0, 0


def sound_track(container: InputContainer) -> av.AudioStream | None:
    """The sound that a player plays: the first track that is flagged default, else the first; None = no sound."""
    tracks = [track for track in container.streams.audio if track.codec_context is not None and track.rate]
    marked = [track for track in tracks if track.disposition & Disposition.default]
    return next(iter([*marked, *tracks]), None)


def has_sound(path: Path) -> bool:
    """Whether a video has a sound track, by its header."""
    try:
        with open_container(path, problem="corrupt") as container:
            return bool(container.streams.audio)
    except BROKEN:
        return False


def is_still(container: InputContainer) -> bool:
    """Whether it is a single picture, which is shown at any time."""
    return container.format.name.endswith("_pipe")


def zero(container: InputContainer) -> float:
    """When the first of the tracks begins, in s of the container's own clock: time 0 of all that we read."""
    return (container.start_time or 0) / 1e6


def header_length(container: InputContainer) -> float:
    """Length in s by the header, of the longest track; 0 where it does not say, or would only guess."""
    names = _names(container)
    if container.duration is None or container.duration <= 0 or not _BY_BIT_RATE.isdisjoint(names):
        return 0.0
    late = 0.0 if not _FROM_STAMPS.isdisjoint(names) else max(0.0, zero(container))
    return max(0.0, container.duration / 1e6 - late)


def starts_late(container: InputContainer) -> bool:
    """Whether the clock does not begin at 0, so that a header may count from 0 or from the first time stamp."""
    return abs(zero(container)) > 0.1 and _FROM_STAMPS.isdisjoint(_names(container))  # s


def stamped_ends(container: InputContainer) -> dict[str, float]:
    """Read all packets, decoding none: where the tracks of sound (`audio`) and pictures (`video`) end.

    Returns:
        The latest end in s of each that has packets; what comes after damage is not seen.
    """
    tracks: list[Stream] = [track for track in container.streams.audio if track.codec_context is not None]
    tracks += [track for track in container.streams.video if not track.disposition & Disposition.attached_pic]
    begin, ends = zero(container), dict[str, float]()
    last: dict[int, float] = {}
    step: dict[int, float] = {}
    for packet in packets(container, tracks):
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is None or packet.time_base is None:
            continue
        number, kind, time = packet.stream.index, packet.stream.type, float(stamp * packet.time_base) - begin
        lasts = float((packet.duration or 0) * packet.time_base)
        step[number] = lasts or (abs(time - last[number]) if number in last else step.get(number, 0.0))
        last[number] = time
        ends[kind] = max(ends.get(kind, 0.0), time + step[number])
    return ends


def packets(container: InputContainer, tracks: Sequence[Stream]) -> "Iterable[av.Packet[Stream]]":
    """The packets of some tracks, from where the container stands to its end, or to where it is damaged."""
    with suppress(*BROKEN):
        if tracks:
            yield from container.demux(tracks)


def one_line(error: BaseException) -> str:
    """What a library says, in one line of bounded length, in plain words where it has only a number for it."""
    if isinstance(error, MemoryError):
        return "more memory is needed than there is"
    if "possibly a pipe" in str(error):  # libsndfile's word for an MP3 file in which it finds no MP3
        return "nothing in it can be decoded"
    for kind, words in _IN_WORDS.items():
        if isinstance(error, kind):
            return words
    # FFmpeg's and libsndfile's own words, without a number and the path, which is said already.
    said = getattr(error, "strerror", "") or getattr(error, "error_string", "") or str(error)
    return shortened(" ".join(str(said).split()).rstrip(".") or type(error).__name__)


def _form(path: Path) -> str | None:
    """FFmpeg's name for the form of a picture; None where FFmpeg should see for itself."""
    if path.suffix.lower() not in _PICTURE_NAMES:
        return None
    with path.open("rb") as file:
        head = file.read(4)
    return next((form for first, form in _PICTURES.items() if head.startswith(first)), None)


def _names(container: InputContainer) -> frozenset[str]:
    return frozenset(container.format.name.split(","))
