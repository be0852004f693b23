"""Feature pickles that ask for what they should not, and whole ones whose content is odd."""

import pickle
import random
from typing import Any

import numpy as np

from benchmarks.fuzzing.material import features

_NAN = float("nan")


class _Call:
    """Pickles to a call of something."""

    def __init__(self, *what: object) -> None:
        self.what = what

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.what[0], tuple(self.what[1:])


def pickles() -> list[bytes]:
    """Calls, endless and huge things, and an empty file."""
    import os

    many = b"\x80\x02" + b"(" * 200_000 + b"l" * 200_000 + b"."
    return [
        pickle.dumps(_Call(os.system, "touch /tmp/fuzzed-by-a-pickle")),
        pickle.dumps(_Call(eval, "1/0")),
        b"\x80\x02cbuiltins\ngetattr\n(cos\nsystem\nX\x04\x00\x00\x00truetR.",
        b"\x80\x02X\xff\xff\xff\x7fabc.",
        b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7fabc.",
        b"\x80\x02]q\x00" + b"(h\x00h\x00h\x00h\x00h\x00h\x00h\x00h\x00e" * 10 + b".",
        b"\x80\x02]" + b"(]" * 5000 + b"." * 3,
        many,
        b"\x80\x02r\xff\xff\xff\xff.",
        b"\x80\x02K\x01r\xff\xff\xff\x7f.",
        b"\x80\x02\x8b\xff\xff\xff\x7f.",
        b"\x80\x02cnumpy\nndarray\n(K\x00\x85c_codecs\nencode\nX\x01\x00\x00\x00at\x81.",
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(J\xff\xff\xff\x7ftC\x01btR.",
        b"I" + b"9" * 200_000 + b"\n.",
        b"(" + b"I1\n" * 100_000 + b"t.",
        b"\x80\x05\x97.",
        b"",
    ]


def odd(content: bytes, rng: random.Random) -> bytes:
    """A whole feature pickle with one to three odd values; the given content is never unpickled."""
    fields: list[Any] = list(features())
    for _ in range(rng.choice((1, 1, 2, 3))):
        place = rng.randrange(len(fields))
        field = fields[place]
        deep = rng.random() < 0.8 and isinstance(field, dict) and field
        if not deep:
            fields[place] = rng.choice(_values())
            continue
        name = rng.choice(sorted(field, key=str))
        kind = rng.randrange(5)
        if kind == 0:
            del field[name]
        elif kind == 1:
            field[rng.choice(("\x1b[2J", "", 7, _NAN, None, "\u202e", "x" * 5000, b"x", (1,)))] = field.pop(name)
        elif kind == 2 or not isinstance(field[name], list):
            field[name] = rng.choice(_values())
        elif kind == 3:
            field[name] = field[name] * rng.choice((0, 2, 1000))
        else:
            field[name] = [rng.choice(_values()), *field[name][1:]]
    if rng.random() < 0.15:
        fields = fields[: rng.randrange(10)] + fields[rng.randrange(9) :]
    return pickle.dumps(rng.choice((tuple, tuple, tuple, list))(fields), protocol=rng.choice((0, 2, 4)))


def _values() -> tuple[Any, ...]:
    return (
        *(
            None,
            True,
            -1,
            6,
            10**400,
            _NAN,
            1e308,
            "",
            "\x1b[2J\u202e\n",
            "a" * 100_000,
            b"\xff",
            3 + 4j,
            {},
            [],
            set(),
            (),
        ),
        *([[]], [None] * 3, ["x", 1], {"a": {"b": []}}, [[[1.0]]], [1, 2, 3], ["M", "F", "M"], [0.5, 1.5, 2.5], {1, 2}),
        *(np.zeros(0), np.zeros((3, 0)), np.zeros(()), np.full((3, 5), np.nan), np.full((3, 5), 3e38, np.float32)),
        *(np.zeros((3, 5), complex), np.zeros((3, 5), "S3"), np.array(["a", None, 3], object), np.zeros((3, 5, 2))),
        *(np.full((3, 5), 1e308), np.zeros((2, 5)), np.zeros((3, 4000)), np.zeros(3, "M8[s]"), np.zeros((3, 5), bool)),
        *(np.full((3, 5), 2**62), np.zeros((3, 5), np.float16), np.zeros((3, 5), [("a", "f4")]), np.float64("inf")),
    )
