"""The text of a file that somebody saved.

A table of one's own is in UTF-8, in UTF-16 or UTF-32 by its mark, or in an encoding that is named. None is guessed:
nearly every file can be read as cp1252, and the words are then wrong without a word of warning. The files of a release
are UTF-8 with leftovers of Windows' cp1252, as corpora of the field have them.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

from emotion.core.errors import EmotionError, cannot, check_waits
from emotion.core.text import CODECS, is_text_codec, printable, quoted

AUTO = "auto"
LARGEST = 128 << 20  # bytes of a table
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins in the same way
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8"),
)
_KINDS = (
    (b"PK\x03\x04", "an Excel file or another zip archive; give it the name .xlsx if it is one"),
    (b"\xd0\xcf\x11\xe0", "an old or protected Excel file; save it as .xlsx or CSV, without a password"),
    (b"PAR1", "a Parquet file; give it the name .parquet"),
    (b"\x1f\x8b", "packed with gzip; unpack it"),
    (b"%PDF", "a PDF; export the table as CSV"),
    (b"SQLite format 3", "a database; export the table as CSV"),
    (b"\x89HDF", "an HDF5 file; export the table as CSV"),
)
# What a table may be saved in besides Unicode, with the first bytes of the letters that are used most.
_LIKELY: dict[str, tuple[int, int] | None] = {
    "gbk": (0xB0, 0xD7),
    "big5": (0xA4, 0xC6),
    "shift_jis": (0x82, 0x97),
    "euc_jp": (0xA4, 0xCF),
    "euc_kr": (0xB0, 0xC8),
    **dict.fromkeys(("iso2022_jp", "cp1252", "cp1250", "cp1251", "koi8-r", "cp1253", "cp1254", "cp1255", "cp1256")),
    **dict.fromkeys(("cp874", "mac_roman")),
}
_WORD = re.compile(rb"""[^\s,;|"']*(?:[\x80-\xff]|\x1b\$)[^\s,;|"']*""")
_ACCENTS = re.compile("[\u00c0-\u024f]{3,}")
_UTF8 = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_SAMPLE, _SHOWN, _WORDS, _LETTERS = 1 << 20, 4, 3, 14  # bytes looked at; encodings, words of each, letters of a word
# Where Unicode has control characters (U+0080 .. U+009F), cp1252 has quotes, dashes and dots, and five undefined.
_C1 = {code: bytes([code]).decode("cp1252", errors="ignore") or chr(code) for code in range(0x80, 0xA0)}
_FOREIGN = re.compile(r"[^\x00-\x7f]{2,}")


def check_plain(path: Path) -> None:
    """Refuse what is no file (a pipe or a device would be waited for), and what is larger than tables are.

    Raises:
        EmotionError: says which.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise cannot("be read", path, error) from None
    if not path.is_file():
        raise EmotionError(f"{path}: not a plain file, expected a table; put the file there")
    if size > LARGEST:
        raise EmotionError(
            f"{path}: has {size >> 20} MiB, expected a table of {LARGEST >> 20} or less; split the corpus"
        )


def table_text(path: Path, *, encoding: str = AUTO) -> str:
    """The text of a table.

    With the encoding `auto` it is read by the mark of UTF-8, UTF-16 or UTF-32, as UTF-8 where there is none; else the
    encoding is a name as Python knows it, e.g. `gbk`.

    Raises:
        EmotionError: it is no text in that encoding. The message names the line and shows words of the file in likely
            encodings.
    """
    if encoding != AUTO and not is_text_codec(encoding):
        raise EmotionError(f"encoding is {quoted(encoding)}, expected {AUTO}, or {CODECS}")
    check_plain(path)
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise cannot("be read", path, error) from None
    for begin, kind in _KINDS:
        if content.startswith(begin):
            raise EmotionError(f"{path}: expected text, found {kind}")
    codec = _codec(content, path, encoding)
    try:
        text = content.decode(codec)
    except UnicodeError as error:
        raise EmotionError(_not_text(content, path, codec, getattr(error, "start", 0))) from None
    if "\0" in text:
        raise EmotionError(_not_text(content, path, codec, 0))
    return text.removeprefix("\ufeff")


def _by_mark(content: bytes) -> str | None:
    """The encoding that the mark at the beginning of a file stands for."""
    return next((codec for mark, codec in _MARKS if content.startswith(mark)), None)


def _unmarked(content: bytes) -> str | None:
    """`utf-16-le` or `utf-16-be` where a file looks like that and has no mark: every other byte is 0, the rest not."""
    even, odd = content[:64:2], content[1:64:2]
    if len(content) < 8 or _by_mark(content):
        return None
    if not any(odd) and all(even):
        return "utf-16-le"
    return "utf-16-be" if not any(even) and all(odd) else None


def _codec(content: bytes, path: Path, encoding: str) -> str:
    """The codec to read with; what is marked or cannot be meant is an error."""
    marked = _by_mark(content)
    name = "" if encoding == AUTO else codecs.lookup(encoding).name.removesuffix("-sig")
    if marked:
        if name and not name.startswith(marked):
            raise EmotionError(f"{path}: begins with the mark of {marked}, but the encoding is {name}; set it to auto")
        return marked
    if name in ("", "utf-8"):
        if b"\x1b$" in content:  # e.g. ISO-2022-JP: every byte of it is ASCII
            raise EmotionError(_not_text(content, path, "utf-8", content.index(b"\x1b$")))
        return "utf-8"
    if not name.startswith(("utf", "iso2022")) and _is_utf8(content):
        raise EmotionError(f"{path}: is UTF-8, but the encoding is {name}; set index.encoding (--encoding) to auto")
    return name


def _is_utf8(content: bytes) -> bool:
    """Whether a file is UTF-8 beyond chance: of two or three letters another encoding may look like it."""
    if len(list(islice(_UTF8.finditer(content), 8))) < 8:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _wide(content: bytes) -> str:
    codec = _unmarked(content)
    return f"set index.encoding (--encoding) to {codec}" if codec else "save it as CSV in UTF-8"


def _not_text(content: bytes, path: Path, codec: str, start: int) -> str:
    line = content.count(b"\n", 0, start) + 1
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        return f"{path}: line {line} holds NUL characters: no text, or not in {codec}; {_wide(content)}"
    words = list(dict.fromkeys(found[0] for found in islice(_WORD.finditer(content[:_SAMPLE]), 200)))
    words = words or [found[0] for found in islice(_WORD.finditer(content, start), 1)]
    shown = " | ".join(f"{name}: {', '.join(read[:_WORDS])}" for name, read in _readings(words, codec))
    if not shown:
        return f"{path}: line {line} is not {codec}, nor text in another common encoding; {_wide(content)}"
    remedy = "save it as UTF-8, or set index.encoding (--encoding) to the one that reads right"
    return f"{path}: line {line} is not {codec}; {remedy}: {shown}"


def _readings(words: list[bytes], codec: str) -> Iterator[tuple[str, list[str]]]:
    """The words in the most likely encodings, the likeliest first."""
    found: list[tuple[float, str, list[str]]] = []
    for name, common in _LIKELY.items():
        try:
            read = [word.decode(name) for word in words]
        except UnicodeError:
            continue
        sense = _sense("".join(read), name, common) - sum(_jumps(word) for word in read)
        if codecs.lookup(name).name != codec and not any(read == other for _, _, other in found):
            found.append((sense / max(1, sum(map(len, read))), name, read))
    for _, name, read in sorted(found, key=lambda item: -item[0])[:_SHOWN]:
        yield name, [printable(word[:_LETTERS] + ("..." if len(word) > _LETTERS else "")) for word in read]


def _sense(text: str, name: str, common: tuple[int, int] | None) -> float:
    """How much the foreign letters look like words: common ones count for it, rare ones and signs against it."""
    total = 0.0
    for char in text:
        if char.isascii():
            total -= unicodedata.category(char) == "Cc"
        elif common is not None:
            total += 1.5 if common[0] <= char.encode(name)[0] <= common[1] and not "｡" <= char <= "ﾟ" else -0.5
        else:
            total += 1 if char.isalpha() or char in "“”‘’–—…" else -1
    return total


def _jumps(word: str) -> float:
    """What words do not have: changes of script, capitals after small letters, three accents one after the other."""
    letters = [(char, unicodedata.name(char, "?").split()[0]) for char in word if char.isalpha()]
    jumps = sum((a != b) + (one.islower() and two.isupper()) for (one, a), (two, b) in pairwise(letters))
    return jumps + sum(map(len, _ACCENTS.findall(word)))


def read_text(path: Path) -> str:
    """Read a table of a release as UTF-8; lines that are not UTF-8 are read as cp1252. A byte order mark is dropped.

    Bytes that neither knows become U+FFFD. UTF-16 and UTF-32 are read where the file begins like them.

    Raises:
        EmotionError: it is in another encoding: its foreign letters are too many for leftovers.
    """
    check_waits(path)
    content = path.read_bytes()
    codec = _by_mark(content) or _unmarked(content)
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
