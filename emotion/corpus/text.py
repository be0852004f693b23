"""Text files of mixed encodings: UTF-8 with leftovers of Windows' cp1252, as corpora of the field have them."""

import re
from pathlib import Path

from emotion.core.errors import EmotionError, check_waits
from emotion.corpus.decoding import by_mark, unmarked

# Where Unicode has control characters (U+0080 .. U+009F), cp1252 has quotes, dashes and dots, and five undefined.
_C1 = {code: bytes([code]).decode("cp1252", errors="ignore") or chr(code) for code in range(0x80, 0xA0)}
_FOREIGN = re.compile(r"[^\x00-\x7f]{2,}")


def read_text(path: Path) -> str:
    """Read a table of a release as UTF-8; lines that are not UTF-8 are read as cp1252. A byte order mark is dropped.

    Bytes that neither knows become U+FFFD. UTF-16 and UTF-32 are read where the file begins like them.

    Raises:
        EmotionError: it is in another encoding: its foreign letters are too many for leftovers.
    """
    check_waits(path)
    content = path.read_bytes()
    codec = by_mark(content) or unmarked(content)
    if codec in (None, "utf-8"):
        _check_leftovers(content, path)
        return _lenient(content)
    try:
        return content.decode(codec).removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise EmotionError(f"{path}: no text of {codec}, though it begins like it; copy the file again") from None


def read_lines(path: Path) -> list[str]:
    r"""The lines of a file, by \n, \r\n or \r only: other characters that Python counts as line ends stay text.

    Nothing is refused: a line that is damaged is one that its reader does not understand, and says so.
    """
    check_waits(path)
    return _lenient(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n").split("\n")


def repair(text: str) -> str:
    r"""Undo what cp1252 has left in UTF-8 text.

    - U+0092 and its like become the characters that cp1252 means: `don\x92t` -> `don’t`;
    - UTF-8 that was read as cp1252 is read again: `donâ€™t` -> `don’t`.
    """
    return _FOREIGN.sub(_again, text).translate(_C1)


def _lenient(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "\n".join(map(_decode, content.removeprefix(b"\xef\xbb\xbf").split(b"\n")))


def _check_leftovers(content: bytes, path: Path) -> None:
    """Refuse a file whose lines that are not UTF-8 are mostly foreign letters: that is no English with leftovers."""
    foreign = letters = 0
    for line in content.split(b"\n"):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            foreign += sum(byte > 0x7F for byte in line)
            letters += len(line)
    if foreign >= 16 and foreign > letters / 3:
        raise EmotionError(f"{path}: neither UTF-8 nor English in cp1252; copy the file again, or save it as UTF-8")


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
