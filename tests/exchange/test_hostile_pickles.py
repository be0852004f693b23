"""What a file asks for must never decide how long we work, how much memory we take, or what is run."""

import pickle
import random
import struct

import numpy as np
import pytest

from emotion.core.errors import EmotionError
from emotion.exchange.unpickling import load_pickle


def test_what_a_pickle_is_given_cannot_be_changed_or_called_in_another_way(tmp_path):
    """A stand-in with attributes once let 31 bytes call themselves for ever."""
    for raw in (
        b"\x80\x02cbuiltins\nset\nq\x00(h\x00)}Ntbh\x00)R.",
        b"\x80\x02cbuiltins\nset\n}b.",
        b"\x80\x02}}b.",
        b"\x80\x02cbuiltins\nset\n)\x81.",
        b"(ibuiltins\nset\n.",
        b"Pid\n.",
        b"\x80\x02N\x82\x01.",
    ):
        (tmp_path / "x.pkl").write_bytes(raw)
        with pytest.raises(EmotionError, match=r"x\.pkl: asks for .*, which is not allowed, and nothing was run"):
            load_pickle(tmp_path / "x.pkl")


def cycle():
    found = []
    found.append({"a": found})
    return found


def nested(depth):
    found = []
    for _ in range(depth):
        found = [found]
    return found


ODD = {
    "cycle": (pickle.dumps(cycle()), "a container that holds itself"),
    "deep": (pickle.dumps(nested(200)), "containers nested more than"),
    "deep tuple": (b"N" + b"\x85" * 99_999 + b".", "containers nested more than"),
    "key": (b"}N\x85\x85\x85Ns.", "a key that is a tuple"),
    "long key": (pickle.dumps({tuple(range(9)): 1}), "a key that is a tuple"),
    "set": (pickle.dumps({(1, (2,))}), "a key that is a tuple"),
    "number": (pickle.dumps(1 << 80), "a whole number of 11 bytes"),
    "digits": (pickle.dumps(1 << 80, protocol=0), "a whole number of 26 digits"),
}


@pytest.mark.parametrize(("raw", "message"), ODD.values(), ids=ODD)
def test_what_has_no_end_is_refused(tmp_path, raw, message):
    (tmp_path / "x.pkl").write_bytes(raw)
    with pytest.raises(EmotionError, match=rf"x\.pkl: holds {message}.*, expected plain dicts"):
        load_pickle(tmp_path / "x.pkl")


def unfolding(levels):
    found = np.zeros(1000)
    for _ in range(levels):
        found = [found] * 10
    return found


BOMBS = {
    "memo": (b"\x80\x02Nr" + struct.pack("<I", 500_000_000) + b".", "memo entry 500,000,000 in a file of 9 bytes"),
    "memo as text": (b"Np999999999999\n.", "memo entry 999,999,999,999 in a file"),
    "unfolding": (pickle.dumps(unfolding(7)), "asks for more than 512 MiB of memory"),
    "text": (pickle.dumps([["x" * 10_000] * 1000] * 1000), "asks for more than"),
    "lists": (b"(" + b"]" * 6_000_000 + b"t.", "asks for more than"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("raw", "message"), BOMBS.values(), ids=BOMBS)
def test_memory_does_not_follow_a_number_in_the_file(tmp_path, raw, message):
    (tmp_path / "x.pkl").write_bytes(raw)
    with pytest.raises(EmotionError, match=rf"x\.pkl: .*{message}"):
        load_pickle(tmp_path / "x.pkl")


def test_vectors_that_utterances_share_are_read(tmp_path):
    row = np.zeros(1000)
    (tmp_path / "x.pkl").write_bytes(pickle.dumps([row] * 10_000))
    found = load_pickle(tmp_path / "x.pkl")
    assert len(found) == 10_000
    assert found[0] is found[-1]


def test_an_array_takes_its_content_once(tmp_path):
    raw = pickle.dumps(np.arange(3.0), protocol=2)
    twice = raw[:-1] + raw[raw.index(b"(K\x01") : -1] + b"."
    (tmp_path / "x.pkl").write_bytes(twice)
    with pytest.raises(EmotionError, match="an array's content is damaged"):
        load_pickle(tmp_path / "x.pkl")


def test_lists_of_numbers_in_one_run(tmp_path):
    for content in ([0.5], [1.0, 2.0], list(np.linspace(-1, 1, 1001)), [[float("inf"), 71.0, 1e300], 3.0]):
        plain = [float(x) if not isinstance(x, list) else x for x in content]
        (tmp_path / "x.pkl").write_bytes(pickle.dumps(plain))
        assert load_pickle(tmp_path / "x.pkl") == plain


def test_spoilt_files_are_one_line(tmp_path):
    """Bits, bytes, lengths and opcodes changed at random; benchmarks have more of it."""
    rng, path = random.Random(0), tmp_path / "x.pkl"
    odd = [b"R", b"b", b"0", b"2", b"(", b"t", b"e", b"r\xff\xff\xff\x7f", b"X\xff\xff\xff\xff", b"h\x00", b"]" * 99]
    content = ({"a": [np.arange(3.0), np.ones(2, "f4")], "b": [1, 2.5, True, None, "text"]}, {"a", "b"}, b"bytes")
    for protocol in (0, 2, 4, 5):
        raw = pickle.dumps(content, protocol=protocol)
        for _ in range(60):
            spoilt = bytearray(raw)
            for _ in range(rng.choice([1, 2, 8])):
                at = rng.randrange(len(spoilt))
                spoilt[at : at + rng.randrange(3)] = rng.choice([*odd, bytes([rng.randrange(256)]), b""])
            path.write_bytes(spoilt)
            try:
                load_pickle(path)
            except EmotionError as error:
                assert "\n" not in str(error)
                assert len(str(error)) < 700
