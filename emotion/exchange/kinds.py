"""What a file is, by its first bytes: people give `emotion import` whatever their download holds."""

import re
import stat
from pathlib import Path
from typing import Final

from emotion.core.errors import EmotionError, cannot

_HEAD = 1 << 16  # bytes that are looked at
_WANTED = "expected a feature file: a pickle, .npz or .parquet"
_CONVERT = f"{_WANTED}; load it where it was made and save its tuple of 9 to 12 items with pickle.dump"
_TENSORS = f"{_CONVERT}, tensors as .numpy()"
_UNPACK = f"{_WANTED}; unpack it and give the .pkl inside"
_MEDIA = f"{_WANTED}; recordings go in with `emotion index --corpus table`"
_FETCH = f"{_WANTED}; fetch the file itself"
_TABLE = f"{_WANTED}; a table of utterances goes in with `emotion index --corpus table`"

# First bytes -> what it is, and what to do.
_SIGNATURES: Final = (
    (rb"\x93NUMPY", "a numpy array (.npy)", _CONVERT),
    (rb"\x1f\x8b", "packed with gzip", f"{_WANTED}; unpack it first (gunzip)"),
    (rb"BZh[1-9]", "packed with bzip2", f"{_WANTED}; unpack it first (bunzip2)"),
    (rb"\xfd7zXZ\x00", "packed with xz", f"{_WANTED}; unpack it first (unxz)"),
    (rb"\x28\xb5\x2f\xfd", "packed with zstd", f"{_WANTED}; unpack it first (unzstd)"),
    (
        rb"\x78[\x01\x5e\x9c\xda]",
        "packed with zlib, as joblib does",
        f"{_WANTED}; load it with joblib, save with pickle",
    ),
    (rb"7z\xbc\xaf\x27\x1c|Rar!\x1a|.{257}ustar", "an archive (7z, rar or tar)", _UNPACK),
    (rb".{2}[\x00-\x04]\x00{5}\{", "a safetensors file", _CONVERT),
    (rb"\x80.\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19\.", "an old torch file (torch.save)", _TENSORS),
    (rb"MATLAB 5\.0", "a MATLAB file", _CONVERT),
    (rb"PAR1|ARROW1|FEA1", "a Parquet or Arrow table", _CONVERT),
    (rb"SQLite format 3", "an SQLite database", _CONVERT),
    (rb"RIFF.{4}|fLaC|OggS|ID3|.{4}ftyp|\x1aE\xdf\xa3", "a recording (sound or video)", _MEDIA),
    (rb"\x89PNG|\xff\xd8\xff|GIF8|%PDF", "a picture or PDF", _WANTED),
    (rb"version https://git-lfs", "a git-lfs pointer, not the file", f"{_FETCH} (git lfs pull)"),
    (rb"\S*/annex/objects/", "a git-annex pointer, not the file", f"{_FETCH} (git annex get)"),
    (rb"outs:\s|md5:\s", "a DVC pointer, not the file", f"{_FETCH} (dvc pull)"),
    (rb"\s*<", "a web page or XML, not the file: the download gave a page", f"{_FETCH}, in a browser if need be"),
    (rb"\s*[{\[]", "JSON", _CONVERT),
)
_PATTERNS: Final = [(re.compile(pattern, re.DOTALL), what, fix) for pattern, what, fix in _SIGNATURES]
_HDF5, _ZIP, _PARQUET, _BOM = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"PAR1", b"\xef\xbb\xbf"


def check_kind(path: Path, *, tables: bool = False) -> None:
    """See whether a file may be a pickle; or, with `tables`, a .npz or Parquet file.

    Raises:
        EmotionError: there is no such file, it cannot be read, is empty, or is of another kind; names the kind and what
            to do.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise EmotionError(f"{path}: is a folder, {_folder(path)}")
        if not stat.S_ISREG(mode):
            raise EmotionError(f"{path}: is no regular file, {_WANTED}; copy it to a file first")
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except (FileNotFoundError, NotADirectoryError):
        raise EmotionError(f"{path}: no such file; {_WANTED}") from None
    except OSError as error:
        raise cannot("be read", path, error) from None
    if not head:
        raise EmotionError(f"{path}: is empty, {_WANTED}; copy or download the file again")
    if tables and (head.startswith(_PARQUET) or _first(head).endswith(b".npy")):
        return
    found = _kind(head)
    if found is not None:
        raise EmotionError(f"{path}: is {found[0]}; {found[1]}")


def looks_like_text(path: Path) -> bool:
    """Whether a file that is no pickle is a table or other text: printable, and its first line has separators."""
    with path.open("rb") as file:
        head = file.read(_HEAD).removeprefix(_BOM)
    line, _, rest = head.partition(b"\n")
    control = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
    return control.search(head) is None and re.search(rb"[,;\t]|\w \w", line) is not None and len(rest) > 0


def _kind(head: bytes) -> tuple[str, str] | None:
    if head.startswith(_HDF5):
        return _hdf5(head)
    if head.startswith(_ZIP):
        return _zip(head)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "text in UTF-16", _TABLE
    text = head.removeprefix(_BOM)
    return next(((what, fix) for pattern, what, fix in _PATTERNS if pattern.match(text)), None)


def _hdf5(head: bytes) -> tuple[str, str]:
    if all(name in head for name in (b"offsets\0", b"present\0", b"reason\0")):
        return (
            "a feature cache of this project (HDF5), which needs no import",
            "give the folder that holds its index.csv and features/ to `emotion study --features`",
        )
    return "an HDF5 file (.h5, or MATLAB's .mat)", _CONVERT


def _zip(head: bytes) -> tuple[str, str]:
    """By the name of the archive's first member, which stands in its first bytes."""
    name = _first(head)
    if name.endswith(b".npy"):
        return "a numpy archive (.npz)", _CONVERT
    if name.endswith((b"data.pkl", b".format_version", b"byteorder")):
        return "a torch file (torch.save)", _TENSORS
    if name == b"[Content_Types].xml":
        return "an Office file (e.g. .xlsx)", _TABLE
    return "a zip archive", _UNPACK


def _first(head: bytes) -> bytes:
    """The name of a zip archive's first member; b"" of other files."""
    return head[30 : 30 + int.from_bytes(head[26:28], "little")] if head.startswith(_ZIP) else b""


def _folder(path: Path) -> str:
    if (path / "index.csv").is_file():
        return f"{_WANTED}; it holds an index already: give it to `emotion study --features`"
    inside = sorted(path.glob("*.pkl"))
    return f"{_WANTED}; e.g. {inside[0].name!r} in it" if inside else f"{_WANTED} (.pkl)"
