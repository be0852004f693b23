"""Files that somebody wrote to do harm, by the end of the name that they take; and changes that need a library."""

import io
import random
import struct
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fuzzing.mutations import BINARY, TEXT, YAMLS, Change, changed
from benchmarks.fuzzing.pickled import odd, pickles
from benchmarks.fuzzing.structured import JSON, TENSORS, ZIPS

_BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + i, 98 + i, b",".join([b"*%c" % (97 + i)] * 9)) for i in range(8)
)
_COLUMNS = ",".join(f"c{i}" for i in range(100_000)).encode()


def _wav(
    *, channels: int = 1, rate: int = 16000, bits: int = 16, form: int = 1, size: int = 0, data: bytes = b""
) -> bytes:
    head = struct.pack("<HHIIHH", form, channels, rate, (rate * channels * bits // 8) & 0xFFFFFFFF, 0, bits)
    return (
        b"RIFF"
        + struct.pack("<I", size or 36)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + head
        + b"data"
        + (struct.pack("<I", size or len(data)) + data)
    )


def _picture(width: int, height: int) -> bytes:
    """A GIF that says to be so large and has no pixels."""
    return (
        b"GIF89a"
        + struct.pack("<HH", width, height)
        + b"\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00"
        + (struct.pack("<HH", width, height) + b"\x00\x02\x02D\x01\x00;")
    )


def whole(suffix: str) -> Sequence[bytes]:
    """Whole files to put in the place of a good one."""
    if suffix in (".yaml",):
        return [
            _BOMB,
            b"[" * 100_000,
            b"{" * 100_000,
            b"a: " + b"9" * 900_000,
            b"? " * 5000,
            b"\x00",
            b"- - - " * 4000,
            b"",
        ]
    if suffix in (".csv", ".tsv", ".txt"):
        return [
            _COLUMNS,
            _COLUMNS + b"\n" + _COLUMNS,
            b"\n" * 500_000,
            b'"' * 400_001,
            b"\x00" * 10_000,
            b"",
            b'"',
            b"a" * (3 << 20),
        ]
    if suffix == ".json":
        return [
            b"[" * 200_000,
            b'{"a":' * 200_000,
            b"9" * 900_000,
            b"null",
            b"[]",
            b"{}",
            b"1e999",
            b'"x"',
            b"\xff",
            b"",
        ]
    if suffix == ".pkl":
        return pickles()
    if suffix == ".safetensors":
        head = b'{"a":{"dtype":"F32","shape":[9999999999999],"data_offsets":[0,39999999999996]}}'
        huge = [struct.pack("<Q", size) + b"{}" for size in (2**63, 2**40, 100_000_001, 2)]
        return [*huge, struct.pack("<Q", len(head)) + head, b"", b"{}", struct.pack("<Q", 200_000) + b"[" * 200_000]
    if suffix == ".bin":
        return [*pickles()[:3], b"", b"PK\x03\x04" + b"\x00" * 100]
    if suffix in (".wav", ".flac", ".mp3", ".ogg", ".m4a", ".opus"):
        return _sounds()
    if suffix in (".mp4", ".avi", ".mkv", ".webm", ".mov", ".gif", ".jpg", ".png"):
        return _videos()
    return [b"", b"\x00" * 5000, b"\x89HDF\r\n\x1a\n" + b"\xff" * 2000, b"PK\x05\x06" + b"\x00" * 18]


def _sounds() -> list[bytes]:
    some = bytes(4000)
    return [
        _wav(channels=65535, data=some),
        _wav(channels=0, data=some),
        _wav(rate=0xFFFFFFFF, data=some),
        _wav(rate=1, data=some),
        _wav(rate=0, data=some),
        _wav(bits=0, data=some),
        _wav(bits=65535, data=some),
        _wav(form=0xFFFE, data=some),
        _wav(size=0xFFFFFFFF, data=some),
        _wav(form=3, bits=32, data=b"\xff\xff\x7f\x7f" * 1000),
        _wav(form=3, bits=64, data=b"\x00\x00\x00\x00\x00\x00\xf0\x7f" * 500),
        *_lists(),
    ]


def _lists() -> list[bytes]:
    """Files that name other files or places."""
    return [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<?xml version='1.0'?><MPD><Period><BaseURL>file:///etc/</BaseURL></Period></MPD>",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 9 RTP/AVP 26\r\n",
        b"[Script Info]\nTitle: x\n[Events]\nDialogue: 0,0:00:00.00,9:59:59.99,,,,,,,x\n",
        b"1\n00:00:00,000 --> 99:59:59,999\nx\n\n" * 100,
        b"\x00",
    ]


def _videos() -> list[bytes]:
    page = io.BytesIO()
    page.write(
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x02\x00\x00\x00\x00\x00\x00\x00"
    )
    ppm = [b"P6 %d %d 255\n" % size for size in ((30_000, 30_000), (2_000_000_000, 2), (0, 0))]
    y4m = b"YUV4MPEG2 W%d H%d F%d:%d Ip A1:1 C420\nFRAME\n"
    return [
        *[_picture(*size) for size in ((65535, 65535), (1, 65535), (0, 0), (30_000, 30_000))],
        page.getvalue(),
        *ppm,
        y4m % (16384, 16384, 30, 1),
        y4m % (2, 2, 2**31 - 1, 1) + bytes(6),
        (y4m % (2, 2, 1, 2**31 - 1) + bytes(6)) + (b"FRAME\n" + bytes(6)) * 50,
        *_lists(),
    ]


def _tables(content: bytes, rng: random.Random) -> bytes:
    """Change a dataset, attribute or link of HDF5 by the library itself."""
    import h5py
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.h5"
        path.write_bytes(content)
        try:
            with h5py.File(path, "r+") as file:
                _edit(file, rng, h5py, np)
            if rng.random() < 0.6:
                _sign(path, h5py)
        except (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, IndexError):
            return changed(content, BINARY, rng)
        return path.read_bytes()


def _sign(path: Path, h5py) -> None:  # noqa: ANN001 - a module
    """Put a checksum that fits, as an attacker would."""
    from emotion.store import layout
    from emotion.store.attributes import read_attributes

    known = read_attributes(path)
    with h5py.File(path, "r+") as file:
        if any(getattr(data, "nbytes", 0) > 1 << 24 for data in map(file.get, file)):
            return  # it would take hours
        file.attrs[layout.CHECKSUM] = layout._checksum(file, known)


def _forged(content: bytes, rng: random.Random) -> bytes:
    """A record of a journal whose checksums fit and whose meta is hostile."""
    from emotion.store.journal import _header, _Place

    metas = [
        b"",
        b"[",
        b"[" * 100_000,
        b"null",
        b"9" * 5000,
        b'{"i": 1e999}',
        b'{"i": "x"}',
        b"\xff",
        b'{"i": 3, "i": 4}',
    ]
    meta, payload = rng.choice(metas), rng.randbytes(rng.choice((0, 5, 3000)))
    place = _Place(len(content), len(meta), len(payload))
    return content + _header(place, zlib.crc32(payload, zlib.crc32(meta))) + meta + payload


def _edit(file, rng: random.Random, h5py, np) -> None:  # noqa: ANN001 - modules
    name = rng.choice(sorted(file)) if len(file) else "values"
    kind = rng.randrange(12)
    if kind == 0:
        file.attrs[rng.choice(sorted(file.attrs))] = rng.choice(
            (0, "x" * 60_000, "\u202e\x1b[2J", np.zeros(5000), b"\xff", 2**63)
        )
    elif kind == 1:
        del file.attrs[rng.choice(sorted(file.attrs))]
    elif kind == 2:
        file.attrs.create("many", np.zeros(1000, "V8"))
    else:
        old = file.pop(name)
        shape, dtype = getattr(old, "shape", (3,)), getattr(old, "dtype", "f4")
        if kind == 3:
            file[name] = h5py.SoftLink(rng.choice(("/nowhere", "/" + name, "/ids")))
        elif kind == 4:
            file[name] = h5py.ExternalLink("/etc/passwd", "/x")
        elif kind == 5:
            file.create_group(name)
        elif kind == 6:
            file.create_dataset(name, shape=(2**40,), dtype="f4", chunks=(1 << 20,))
        elif kind == 7:
            file.create_dataset(name, shape=shape, dtype=dtype, external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)])
        elif kind == 8:
            file.create_dataset(
                name, shape=shape, dtype=rng.choice(("f2", "c16", "S3", "i1", "u8", h5py.string_dtype()))
            )
        elif kind == 9:
            file.create_dataset(name, data=np.full((5000, 6), np.nan, "f4"), compression="gzip")
        elif kind == 10:
            file.create_dataset(
                name, shape=rng.choice(((), (0,), (0, 0), (1, 2, 3, 4, 5), (16, 10**6))), dtype="i8", chunks=None
            )
        else:
            file.create_dataset(name, data=np.array([("a", 1)], [("a", "S3"), ("b", "i8")]))


_BY_SUFFIX: dict[str, tuple[Change, ...]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), TEXT),
    ".yaml": YAMLS,
    ".json": JSON,
    ".safetensors": TENSORS,
    ".xlsx": ZIPS,
    ".npz": ZIPS,
    ".pkl": (*[odd] * 12, *BINARY),
    ".journal": (*[_forged] * 3, *BINARY),
    ".h5": (*[_tables] * 6, *BINARY),
}


def hostile(content: bytes, suffix: str, rng: random.Random) -> bytes:
    """A file made hostile, by what belongs to the end of its name.

    Args:
        content: the good file.
        suffix: e.g. `.csv`.
        rng: decides everything.
    """
    if rng.random() < 0.12:
        return rng.choice(whole(suffix))
    return changed(content, _BY_SUFFIX.get(suffix, BINARY), rng)
