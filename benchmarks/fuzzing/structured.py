"""Changes of files that have a structure of their own: JSON, safetensors and zip files (spreadsheets)."""

import io
import json
import random
import re
import zipfile
import zlib
from typing import Any

from benchmarks.fuzzing.mutations import (
    TEXT,
    TEXTS,
    Change,
    bits,
    cut,
    doubled,
    figures,
    inserted,
    nested,
    noise,
    numbers,
    recoded,
    words,
    zeros,
)


def json_nodes(content: bytes, rng: random.Random) -> bytes:
    """Replace, remove or repeat a value somewhere in JSON."""
    try:
        root = json.loads(content)
    except (ValueError, RecursionError):
        return words(content, rng)
    holders: list[tuple[Any, Any]] = []
    _holders(root, holders)
    if not holders:
        return content
    holder, key = rng.choice(holders)
    if rng.random() < 0.2:
        del holder[key]
    elif rng.random() < 0.1 and isinstance(holder, dict):
        holder[rng.choice(TEXTS)] = holder.pop(key)
    else:
        holder[key] = rng.choice(_VALUES)
    text = json.dumps(root)
    return text.replace('"@BIG@"', rng.choice(("9" * 5000, "1e999", "-1e999", "[" * 900 + "]" * 900, "NaN"))).encode()


_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 10**6, 2**31, 2**63, 2**64, 10**40, 0.0, 0.5, -1.5, 1e308, "", "x", "a" * 5000),
    *([], {}, [[]], [None], {"a": None}, [0] * 1000, "../../x", "\u202e\x00", "@BIG@", "@BIG@", ["x", 1], {"": {}}),
)


def _holders(node: Any, found: list[tuple[Any, Any]]) -> None:  # noqa: ANN401 - JSON
    if not isinstance(node, dict | list):
        return
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        found.append((node, key))
        _holders(value, found)


JSON: tuple[Change, ...] = (
    json_nodes,
    json_nodes,
    json_nodes,
    json_nodes,
    figures,
    words,
    nested,
    recoded,
    bits,
    cut,
    noise,
)


def in_header(content: bytes, rng: random.Random) -> bytes:
    """Change the JSON header of safetensors; its length fits again."""
    size = int.from_bytes(content[:8], "little")
    head = rng.choice((json_nodes, json_nodes, figures, words, nested))(content[8 : 8 + size], rng)
    return len(head).to_bytes(8, "little") + head + content[8 + size :]


TENSORS: tuple[Change, ...] = (in_header, in_header, in_header, bits, cut, numbers, inserted, noise, zeros)


def in_zip(content: bytes, rng: random.Random) -> bytes:
    """Change one member of a zip file (a spreadsheet), or blow it up."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            members = {name: file.read(name) for name in file.namelist()}
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError, RuntimeError):
        return bits(content, rng)
    name = rng.choice(sorted(members)) if members else "x"
    kind = rng.randrange(8)
    if kind == 0:
        members[name] = members.get(name, b"") + b" " * (200 << 20)
    elif kind == 1:
        members[name] = _LAUGHS + members.get(name, b"").partition(b"?>")[2]
    elif kind == 2:
        members.pop(name, None)
    else:
        members[name] = rng.choice((*TEXT, _columns))(members.get(name, b"x"), rng)
    page = io.BytesIO()
    with zipfile.ZipFile(page, "w", zipfile.ZIP_DEFLATED) as file:
        for key, value in members.items():
            file.writestr(key, value)
    return page.getvalue()


_LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">%s]>' % b"".join(
    b'<!ENTITY %c "%s">' % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(9)
)


def _columns(content: bytes, rng: random.Random) -> bytes:
    """Cells far out: Excel's last column and row, and beyond."""
    return re.sub(rb'r="[A-Z]+\d+"', rng.choice((b'r="XFD1048576"', b'r="ZZZZ99"', b'r="A99999999"')), content, count=3)


ZIPS: tuple[Change, ...] = (in_zip, in_zip, in_zip, in_zip, bits, cut, numbers, doubled)
