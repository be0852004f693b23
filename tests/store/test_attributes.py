"""The attributes of a cache, damaged byte by byte where HDF5 itself would ask for gigabytes or search for ever."""

import struct

import h5py
import numpy as np
import pytest
from store.planted import IDS, digests, plant

from emotion.core.errors import EmotionError
from emotion.store.attributes import MOST_TEXT, read_attributes
from emotion.store.cache import Cache, verify
from emotion.store.structure import Unfit
from emotion.store.writer import CacheWriter

FORGED = b"forged: text of 32 bytes, or so."
VALUE = 16  # bytes of a text attribute's value: length, heap, number


@pytest.fixture
def path(tmp_path):
    """A cache in which `modality` is a text that occurs once."""
    return plant(tmp_path, trained_on=digests(2), attributes={"modality": FORGED.decode()})


def change(path, at, new):
    content = bytearray(path.read_bytes())
    content[at : at + len(new)] = new
    path.write_bytes(content)


def refused(path, found):
    with pytest.raises(EmotionError) as error:
        verify(path)
    text = str(error.value)
    assert text.startswith(f"{path}: not a usable cache: ") and found in text and "delete it" in text
    assert "\n" not in text
    return text


def message(path, name=b"modality"):
    """Where the header of an attribute's message begins, and where its value does."""
    whole = path.read_bytes()
    at = whole.index(name + b"\0") - 8  # of its body: version, (reserved), bytes of name, type and space
    lengths = struct.unpack_from("<3H", whole, at + 2)
    return at - 8, at + 8 + sum(-(-length // 8) * 8 for length in lengths)


def heap(path):
    """Where the collection with the attributes' texts begins, and where `FORGED` and its own header do."""
    whole = path.read_bytes()
    text = whole.index(FORGED)
    return whole.index(b"GCOL"), text - 16, text


def test_what_is_written_is_read(tmp_path):
    about = {"modality": "audio", "empty": "", "umlauts": "ü" * 300, "number": -7, "share": 0.25}
    found = read_attributes(plant(tmp_path, attributes=about))
    assert {name: value for name, value in found.items() if name in about} == about
    assert list(found) == sorted(found) and set(found) - set(about) == {"schema", "checksum", "trained_on"}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (np.float32(1), "its attribute 'modality' was changed: its type is not as written"),
        (np.bytes_(b"text"), "its attribute 'modality' was changed: its type is not as written"),
        (np.zeros(2), "its attribute 'modality' was changed: it is no single text or number"),
        ("x" * (MOST_TEXT + 1), f"has {MOST_TEXT + 1} bytes, expected at most {MOST_TEXT}"),
    ],
)
def test_other_kinds_of_attributes_are_refused(path, value, found):
    with h5py.File(path, "r+") as file:
        file.attrs["modality"] = value
    refused(path, found)


def test_an_attribute_of_another_version_or_that_lies_elsewhere_is_refused(path):
    whole, (at, _) = path.read_bytes(), message(path)
    change(path, at + 8, b"\3")
    refused(path, "an attribute of it was changed: it is not written as ours are")
    path.write_bytes(whole)
    (flags,) = struct.unpack_from("<B", path.read_bytes(), at + 4)
    change(path, at + 4, bytes([flags | 2]))
    refused(path, "an attribute of it lies elsewhere")


def test_an_attribute_that_is_there_twice_is_refused(path):
    with h5py.File(path, "r+") as file:
        file.attrs["modalitx"] = "text"
    change(path, message(path, b"modalitx")[0] + 16, b"modality")
    refused(path, "it has an attribute twice")


@pytest.mark.parametrize(
    ("place", "new", "found"),
    [
        (0, struct.pack("<I", len(FORGED) + 1), "are not where they should be"),
        (0, struct.pack("<I", 2**32 - 1), f"has {2**32 - 1} bytes, expected at most {MOST_TEXT}"),
        (4, struct.pack("<Q", 2**63), "point beyond its end"),
        (4, struct.pack("<Q", 96), "are not where they should be"),  # the root's header is no heap
        (12, struct.pack("<I", 0), "are not where they should be"),
        (12, struct.pack("<I", 60_000), "are not where they should be"),
    ],
)
def test_a_value_that_points_to_no_text_of_its_length_is_refused(path, place, new, found):
    change(path, message(path)[1] + place, new)
    refused(path, found)


def test_a_value_that_points_to_another_text_differs_from_the_checksum(path):
    with h5py.File(path, "r+") as file:
        file.attrs["other"] = FORGED.decode()[::-1]
    content = path.read_bytes()
    at = message(path, b"other")[1]
    change(path, message(path)[1], content[at : at + VALUE])
    Cache(path).close()
    refused(path, "differs from its checksum")


@pytest.mark.parametrize("cut", ["signature", "size", "object"])
def test_a_damaged_heap_is_refused(path, cut):
    start, header, _ = heap(path)
    damage = {
        "signature": (start, b"X"),
        "size": (start + 8, struct.pack("<Q", 2**62)),
        "object": (header + 8, struct.pack("<Q", 2**62)),
    }
    change(path, *damage[cut])
    refused(path, "the texts of its attributes are not where they should be")


def test_the_roots_header_is_read_with_care(path):
    """Our reader alone, since HDF5 may refuse these first, in words of its own."""
    whole = path.read_bytes()
    (root,) = struct.unpack_from("<Q", whole, 64)
    (continued,) = [at for at in range(root + 16, root + 40, 8) if whole[at : at + 2] == b"\x10\0"]
    for at, new, found in (
        (64, struct.pack("<Q", len(whole)), "point beyond its end"),
        (root, b"O", "its root has a header of version 79, expected 1"),
        (continued + 8, struct.pack("<QQ", root + 16, 24), "header of more than 1048576 bytes"),  # leads to itself
        (continued + 8, struct.pack("<QQ", root + 16, 2**40), "header of more than 1048576 bytes"),
        (continued + 8, struct.pack("<QQ", len(whole) - 10, 20), "point beyond its end"),
    ):
        path.write_bytes(whole)
        change(path, at, new)
        with pytest.raises(Unfit, match=found):
            read_attributes(path)
        refused(path, "")


def test_a_name_that_is_no_text_is_refused(path):
    change(path, message(path)[0] + 16, b"\xff")
    refused(path, "a name or text in it is not UTF-8")


def test_what_could_not_be_read_again_is_not_written(tmp_path):
    about = {f"a{number}": number for number in range(62)}
    with pytest.raises(
        EmotionError, match=r"a\.h5: there are 62 attributes, expected at most 61; use shorter settings"
    ):
        CacheWriter(tmp_path / "a.h5", ids=IDS, shape=(2,), dtype="float32", attributes=about, scratch=tmp_path)
    del about["a61"]
    with Cache(plant(tmp_path, attributes=about)) as cache:
        assert cache.attributes.items() >= about.items()
