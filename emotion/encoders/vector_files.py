r"""Files of word vectors: word2vec's formats, text and binary, and GloVe's; fastText's .vec files are the first.

word2vec, text     400000 300\n   the 0.1 ... 0.3\n   of 0.2 ... \n
word2vec, binary   400000 300\n   the <300 float32> of <300 float32> ...    a line end before each word, or none
GloVe                             the 0.1 ... 0.3\n   of 0.2 ... \n         words may hold spaces
"""

import mmap
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from emotion.core.errors import EmotionError, cannot, check_waits
from emotion.core.text import quoted

Row = NDArray[np.float32]
_WIDEST, _WORD = 4096, 1000  # numbers of a word, bytes of its name
_LINE = 1 << 20  # bytes
_NUMBERS = frozenset(b"0123456789+-.eEnaif \t\r\n")
_REMEDY = "give the whole file, unpacked, of word2vec (text or binary) or GloVe as text.vectors"


def read_vectors(path: Path, *, wanted: Collection[str], most: int) -> tuple[list[str], Row]:
    """Words and their vectors (words, width), in the file's order, which is that of frequency.

    The first `most` words are read, and behind them those that are `wanted`. Of a word that comes again the first
    vector counts.

    Raises:
        EmotionError: the file is missing, of another format, cut off, or holds numbers that are not finite.
    """
    check_waits(path)
    words: dict[str, Row] = {}
    try:
        with path.open("rb") as file:
            for word, read in _entries(file, path):
                if word and word not in words and (len(words) < most or word in wanted):
                    words[word] = read()
                    if not np.isfinite(words[word]).all():
                        raise _flaw(path, f"the vector of {quoted(word)} holds values that are not finite")
    except OSError as error:
        raise cannot("be read", path, error) from None
    if not words:
        raise _flaw(path, "it holds no word")
    return list(words), np.stack(list(words.values()))


def _entries(file: BinaryIO, path: Path) -> Iterator[tuple[str, Callable[[], Row]]]:
    """Each word, and what reads its vector."""
    head = file.readline(_LINE)
    if not head:
        raise _flaw(path, "it is empty")
    parts = head.split()
    headed = len(parts) == 2 and all(part.isdigit() for part in parts)
    width = int(parts[1][:9]) if headed else len(head.rstrip().split(b" ")) - 1
    if not 1 <= width <= _WIDEST:
        raise _flaw(path, f"its first line speaks of {width} numbers per word, expected 1 to {_WIDEST}")
    start = file.tell() if headed else 0
    file.seek(start)
    numbers = file.readline(_LINE).partition(b" ")[2]
    file.seek(start)
    if headed and not (_NUMBERS.issuperset(numbers) and len(numbers.split()) >= width):
        yield from _packed(file, path, start=start, count=int(parts[0][:9]), width=width)
    else:
        count = int(parts[0][:9]) if headed else 0
        yield from _lines(file, path, first=1 + headed, width=width, count=count)


def _lines(
    file: BinaryIO, path: Path, *, first: int, width: int, count: int
) -> Iterator[tuple[str, Callable[[], Row]]]:
    """Of a file with a word per line; `count`: of words that its head speaks of, 0 = it has none."""
    found = 0
    for number, line in enumerate(iter(lambda: file.readline(_LINE), b""), first):
        parts = line.rstrip().rsplit(b" ", width)
        if len(parts) == width + 1:
            found += 1
            yield parts[0].decode("utf-8", "replace"), partial(_read, parts[1:], path, number)
        elif line.strip():
            raise _flaw(path, f"line {number} has {len(parts) - 1} numbers, expected {width}")
    if found < count:
        raise _flaw(path, f"it ends after word {found}, its first line speaks of {count}")


def _read(parts: list[bytes], path: Path, number: int) -> Row:
    try:
        return np.fromiter(map(float, parts), np.float32, len(parts))
    except ValueError as error:
        raise _flaw(path, f"line {number} holds no numbers ({error})") from None


def _packed(
    file: BinaryIO, path: Path, *, start: int, count: int, width: int
) -> Iterator[tuple[str, Callable[[], Row]]]:
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for number in range(1, count + 1):
            end = data.find(b" ", start, start + _WORD)
            first = end + 1
            if end < 0 or first + 4 * width > len(data):
                raise _flaw(path, f"it ends at word {number} of {count}, or is of another format")
            word = data[start:end].lstrip(b"\n").decode("utf-8", "replace")
            yield word, partial(_unpack, data, first, width)
            start = first + 4 * width


def _unpack(data: mmap.mmap, first: int, width: int) -> Row:
    return np.frombuffer(data[first : first + 4 * width], "<f4").astype(np.float32)


def _flaw(path: Path, found: str) -> EmotionError:
    return EmotionError(f"{path}: {found}; {_REMEDY}")
