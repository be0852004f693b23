"""Text files of mixed encodings: UTF-8 with leftovers of Windows' cp1252, as corpora of the field have them."""

import re
from pathlib import Path

# Where Unicode has control characters (U+0080 .. U+009F), cp1252 has quotes, dashes and dots, and five undefined.
_C1 = {code: bytes([code]).decode("cp1252", errors="ignore") or chr(code) for code in range(0x80, 0xA0)}
_FOREIGN = re.compile(r"[^\x00-\x7f]{2,}")


def read_text(path: Path) -> str:
    """Read a file as UTF-8; lines that are not UTF-8 are read as cp1252. A byte order mark is dropped.

    Bytes that neither knows become U+FFFD.
    """
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        return "\n".join(map(_decode, lines))


def read_lines(path: Path) -> list[str]:
    r"""The lines of a file, by \n, \r\n or \r only: other characters that Python counts as line ends stay text."""
    return read_text(path).replace("\r\n", "\n").replace("\r", "\n").split("\n")


def repair(text: str) -> str:
    r"""Undo what cp1252 has left in UTF-8 text.

    - U+0092 and its like become the characters that cp1252 means: `don\x92t` -> `don’t`;
    - UTF-8 that was read as cp1252 is read again: `donâ€™t` -> `don’t`.
    """
    return _FOREIGN.sub(_again, text).translate(_C1)


def _decode(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _again(found: re.Match[str]) -> str:
    try:
        data = b"".join(char.encode("latin-1" if char in "\x81\x8d\x8f\x90\x9d" else "cp1252") for char in found[0])
        return data.decode("utf-8")
    except UnicodeError:
        return found[0]
