"""What is done to a good file: damage that a disk, a person or an attacker might do. All follows from the rng."""

import random
import re
import struct
from collections.abc import Callable

Change = Callable[[bytes, random.Random], bytes]

_MOST = 8 << 20  # bytes; no file grows beyond it
_EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)
NUMBERS = (
    *("0", "-1", "1e308", "1e309", "-1e309", "nan", "inf", "NaN", "Infinity", "9" * 30, "9" * 5000, "1_000", "0x7f"),
    *("1e-320", "2147483648", "18446744073709551616", "1" * 400 + ".5", "\u0661\u0662", "1,5", "1e400000", "-0", "007"),
)
TEXTS = (
    *("", " ", "\x00", "\x1b[2J\x1b]0;x\x07", "\u202eevil\u2066", "\u2028", "\r", "\ufeff", "\ud7ff\uffff", "a" * 5000),
    *(
        '"',
        '""',
        "'",
        ",",
        "\t",
        "\n",
        "|",
        "=1+1",
        "@x",
        "../../../etc/passwd",
        "/etc/passwd",
        "C:\\x",
        "~",
        "a" * 200_000,
    ),
    *(
        "é" * 300,
        "e\u0301",
        "\u0130",
        "\U0001f600" * 50,
        "%s%n{0}${x}",
        "<script>",
        "None",
        "null",
        "true",
        "-",
        "*",
        "?",
    ),
)
YAML = (
    *(
        "!!python/object/apply:os.system ['true']",
        "&a [*a]",
        "*a",
        "2026-13-45",
        "2026-01-01",
        "<<: *x",
        "? [1, 2]",
        "!!set {}",
    ),
    *(
        "!!binary x",
        "0o17",
        "1" * 20_000,
        "[" * 3000,
        "{a: " * 500,
        "- " * 2000,
        "|2147483648",
        "%YAML 9.9",
        "---",
        "...",
        "@",
    ),
    *(
        "!!timestamp x",
        "!<tag:yaml.org,2002:int> zz",
        "!!float .inf",
        "!!int ''",
        ".nan",
        "~",
        "0b12",
        "1:30:99",
        "!!omap [1]",
    ),
)


def bits(content: bytes, rng: random.Random) -> bytes:
    """Turn over some bits."""
    page = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8, 64)) if page else 0):
        page[_near_start(len(page), rng)] ^= 1 << rng.randrange(8)
    return bytes(page)


def cut(content: bytes, rng: random.Random) -> bytes:
    """Cut off the end, or the beginning."""
    at = rng.randrange(len(content) + 1)
    return content[:at] if rng.random() < 0.8 else content[at:]


def inserted(content: bytes, rng: random.Random) -> bytes:
    """Put some special or random bytes somewhere."""
    at = _near_start(len(content) + 1, rng)
    what = rng.choice((b"\x00", b"\xff" * 4, b"\xef\xbb\xbf", b"\xff\xfe", rng.randbytes(rng.choice((1, 3, 100)))))
    return content[:at] + what * rng.choice((1, 1, 50)) + content[at:]


def removed(content: bytes, rng: random.Random) -> bytes:
    """Take a piece out."""
    at = rng.randrange(len(content) + 1)
    return content[:at] + content[at + rng.choice((1, 2, 4, 30, 500)) :]


def doubled(content: bytes, rng: random.Random) -> bytes:
    """Repeat a piece, a few times or many."""
    at, size = rng.randrange(len(content) + 1), rng.choice((1, 8, 60, 500))
    piece = content[at : at + size] * rng.choice((1, 2, 100, 5000))
    return (content[:at] + piece + content[at:])[:_MOST]


def swapped(content: bytes, rng: random.Random) -> bytes:
    """Change the places of two pieces."""
    first, second = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    size = min(rng.choice((1, 4, 40)), second - first)
    a, b = content[first : first + size], content[second : second + size]
    return content[:first] + b + content[first + size : second] + a + content[second + size :]


def numbers(content: bytes, rng: random.Random) -> bytes:
    """Overwrite numbers of 1, 2, 4 or 8 bytes with extreme ones."""
    page = bytearray(content)
    for _ in range(rng.choice((1, 2, 5))):
        form, size = rng.choice((("B", 1), ("H", 2), ("I", 4), ("Q", 8)))
        if len(page) > size:
            value = rng.choice(_EDGES) & (256**size - 1) if rng.random() < 0.8 else rng.getrandbits(8 * size)
            struct.pack_into(rng.choice("<>") + form, page, _near_start(len(page) - size, rng), value)
    return bytes(page)


def zeros(content: bytes, rng: random.Random) -> bytes:
    """A stretch that was never written."""
    at = rng.randrange(len(content) + 1)
    size = min(len(content) - at, rng.choice((4, 64, 512, 4096)))
    return content[:at] + bytes(size) + content[at + size :]


def noise(content: bytes, rng: random.Random) -> bytes:
    """Random bytes, perhaps behind the file's own beginning."""
    return content[: rng.choice((0, 4, 16, 200))] + rng.randbytes(rng.choice((0, 10, 1000, 20_000)))


BINARY: tuple[Change, ...] = (
    bits,
    bits,
    cut,
    inserted,
    removed,
    doubled,
    swapped,
    numbers,
    numbers,
    numbers,
    zeros,
    noise,
)


def lines(content: bytes, rng: random.Random) -> bytes:
    """Leave out, repeat, join or mix lines."""
    found = content.splitlines(keepends=True)
    if not found:
        return content
    at = rng.randrange(len(found))
    kind = rng.randrange(5)
    if kind == 0:
        del found[at]
    elif kind == 1:
        found.insert(at, found[rng.randrange(len(found))] * rng.choice((1, 1, 3000)))
    elif kind == 2:
        found[at] = found[at].rstrip(b"\r\n")
    elif kind == 3:
        rng.shuffle(found)
    else:
        found = [line.rstrip(b"\r\n") + rng.choice((b"\r", b"\r\n", b"\n", b"\n\n")) for line in found]
    return b"".join(found)[:_MOST]


def fields(content: bytes, rng: random.Random) -> bytes:
    """Change the places of two fields, repeat one very often, or leave one out."""
    mark = rng.choice((b",", b"\t", b";", b":", b" ", b"-", b"="))
    parts = content.split(mark)
    first, second = rng.randrange(len(parts)), rng.randrange(len(parts))
    kind = rng.randrange(3)
    if kind == 0:
        parts[first], parts[second] = parts[second], parts[first]
    elif kind == 1:
        parts[first:first] = [parts[first][:40]] * rng.choice((1, 5, 100_000 if len(parts[first]) < 40 else 10))
    elif len(parts) > 1:
        del parts[first]
    return mark.join(parts)[:_MOST]


def figures(content: bytes, rng: random.Random) -> bytes:
    """Replace a written number by an extreme one."""
    return _replaced(content, rb"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?", NUMBERS, rng)


def words(content: bytes, rng: random.Random) -> bytes:
    """Replace a word by a hostile text."""
    return _replaced(content, rb"[A-Za-z_][A-Za-z_0-9]*", (*TEXTS, *NUMBERS), rng)


def yaml_values(content: bytes, rng: random.Random) -> bytes:
    """Replace a value of YAML."""
    return _replaced(content, rb"(?<=: )[^\s#]+", (*YAML, *NUMBERS, *TEXTS), rng)


def nested(content: bytes, rng: random.Random) -> bytes:
    """Brackets in brackets."""
    depth, at = rng.choice((30, 1200, 100_000)), rng.randrange(len(content) + 1)
    left, right = rng.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"(", b")"), (b"{a: ", b"}"), (b'"', b'"')))
    return content[:at] + left * depth + right * depth + content[at:]


def recoded(content: bytes, rng: random.Random) -> bytes:
    """The same text in another encoding."""
    text = content.decode("utf-8", "replace")
    name = rng.choice(("utf-16", "utf-16-le", "utf-32", "cp1252", "utf-8-sig", "gbk", "utf-7", "cp037", "shift_jis"))
    return text.encode(name, "replace")


TEXT: tuple[Change, ...] = (
    lines,
    lines,
    fields,
    fields,
    figures,
    figures,
    words,
    words,
    nested,
    recoded,
    bits,
    cut,
    noise,
)
YAMLS: tuple[Change, ...] = (yaml_values, yaml_values, yaml_values, lines, words, figures, nested, recoded, bits, cut)


def changed(content: bytes, changes: tuple[Change, ...], rng: random.Random) -> bytes:
    """The file after one to three changes."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        content = rng.choice(changes)(content, rng)
    return content[:_MOST] if len(content) > _MOST else content


def _replaced(content: bytes, pattern: bytes, values: tuple[str, ...], rng: random.Random) -> bytes:
    found = list(re.finditer(pattern, content))
    if not found:
        return content
    place = rng.choice(found)
    return content[: place.start()] + rng.choice(values).encode("utf-8") + content[place.end() :]


def _near_start(size: int, rng: random.Random) -> int:
    """A place; half of them within the first 200 bytes, where headers are."""
    return rng.randrange(max(1, min(size, 200) if rng.random() < 0.5 else size))
