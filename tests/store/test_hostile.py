"""A cache from elsewhere: whatever HDF5 can do beyond plain data is refused, in one line, before it is read."""

import random
import time

import h5py
import numpy as np
import pytest
from store.planted import IDS, digests, plant

from emotion.core.errors import EmotionError
from emotion.store import structure
from emotion.store.cache import Cache, verify
from emotion.store.trained import Training, digest


def refused(path, found):
    for read in (Cache, verify):
        begun = time.process_time()
        with pytest.raises(EmotionError, match=found) as error:
            read(path)
        assert "\n" not in str(error.value) and len(str(error.value)) < 700
        assert time.process_time() - begun < 2


def put(name, **how):
    """Put another dataset in the place of one."""

    def change(file):
        old = file[name][()]
        del file[name]
        file.create_dataset(name, **({"data": old} | how))

    return change


def soft(file):
    file.move("values", "elsewhere")
    file["values"] = h5py.SoftLink("/elsewhere")


def external_link(file):
    del file["values"]
    file["values"] = h5py.ExternalLink("/etc/hostname", "/values")


def alias(file):
    file["more"] = file["values"]


def virtual(file):
    del file["values"]
    layout = h5py.VirtualLayout(shape=(6, 2), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "values", shape=(6, 2))
    file.create_virtual_dataset("values", layout)


def external_storage(file):
    del file["values"]
    file.create_dataset("values", shape=(6, 2), dtype="f4", external=[("/etc/hostname", 0, 48)])


def committed(file):
    data = file["values"][()]
    del file["values"]
    file["kind"] = np.dtype("f4")
    file.create_dataset("values", data=data, dtype=file["kind"])
    del file["kind"]


def huge(file):
    width = file["values"].shape[1]
    del file["values"]
    file.create_dataset("values", (10**9, width), dtype="f4", chunks=(1024, width))
    file["offsets"][-1] = 10**9


def huge_and_plain(file):
    del file["values"]
    file.create_dataset("values", (10**9, 2), dtype="f4")
    file["offsets"][-1] = 10**9


def huge_text(file):
    del file["ids"]
    file.create_dataset("ids", (6,), dtype=h5py.string_dtype("utf-8", 2**31 - 1))


def many_attributes(file):
    for number in range(100):
        file.attrs[f"a{number}"] = number


def many_datasets(file):
    for number in range(3):
        file[f"d{number}"] = number


def group(file):
    del file["values"]
    file.create_group("values")


TEXT = h5py.string_dtype("utf-8", 8)
VARIABLE = h5py.string_dtype()
CHANGES = [
    (soft, "link"),
    (external_link, "link"),
    (alias, "no feature cache has"),
    (virtual, "one plain block"),
    (external_storage, "one plain block"),
    (committed, "lies elsewhere|things that no"),
    (huge, "one plain block"),
    (huge_and_plain, "more than are there"),
    (huge_text, "more than are there|expected at most"),
    (many_attributes, "attributes"),
    (many_datasets, "it holds 9 things, expected at most 8"),
    (group, "no dataset of their own"),
    (put("values", compression="gzip"), "one plain block"),
    (put("values", chunks=(1, 2)), "one plain block"),
    (put("values", data=np.zeros((6, 2), "c8")), "not whole numbers or floats"),
    (put("values", data=np.zeros((6, 2), ">f4")), "content differs"),
    (put("values", data=np.zeros(6, [("a", "f4")])), "not whole numbers or floats"),
    (put("values", data=np.array([b"a"] * 6, dtype=VARIABLE)), "not whole numbers or floats"),
    (put("values", data=None, shape=(6,), dtype=h5py.ref_dtype), "not whole numbers or floats|more than"),
    (put("values", data=np.float32(1)), "dimensions"),
    (put("ids", data=np.array(IDS, dtype=VARIABLE)), "not text of fixed length"),
    (put("ids", data=np.array([b"\xff"] * 6, dtype=TEXT)), "ids are not UTF-8"),
    (put("ids", data=np.array([b"u1"] * 6, dtype=TEXT)), "ids are only 1 different"),
    (put("notes", data=np.array([b"["] * 6, dtype=TEXT)), "expected a JSON object"),
    (put("notes", data=np.array([b"[]"] * 6, dtype=TEXT)), "expected a JSON object"),
    (put("notes", data=np.array([b"[" * 5000] * 6, dtype=h5py.string_dtype("utf-8", 5000))), "JSON object"),
    (put("offsets", data=np.zeros(7)), "offsets are not int64"),
    (put("offsets", data=np.zeros(5, np.int64)), "disagree about the number"),
    (put("offsets", data=np.array([0, 2**62, -(2**62), 0, 0, 0, 6])), "offsets do not fit"),
    (put("present", data=np.zeros(6, np.uint8)), "present are not bool"),
    (lambda file: file["values"].attrs.__setitem__("a", 1), "expected none"),
    (lambda file: file.attrs.__setitem__("modality", "forged"), "checksum"),
    (lambda file: file.attrs.__setitem__("new", "forged"), "checksum"),
    (lambda file: file.attrs.__delitem__("index"), "checksum"),
    (lambda file: file.attrs.__setitem__("modality", np.zeros(3)), "no single text or number"),
    (lambda file: file.attrs.__setitem__("trained_on", "listed"), "lists different things"),
    (lambda file: file.attrs.__setitem__("trained_on", "nothing"), "checksum"),
]


@pytest.mark.parametrize(("change", "found"), CHANGES)
def test_only_plain_data_inside_the_file_is_read(tmp_path, change, found):
    path = plant(tmp_path)
    with h5py.File(path, "r+") as file:
        change(file)
    if found in ("checksum", "content differs"):
        Cache(path).close()
        with pytest.raises(EmotionError, match=found):
            verify(path)
    else:
        refused(path, found)


def test_trained_on_is_kept_and_covered_by_the_checksum(tmp_path):
    for trained_on, expected in [(None, None), ((), Training()), (digests(300), Training(frozenset(digests(300))))]:
        path = plant(tmp_path, trained_on=trained_on)
        with Cache(path) as cache:
            assert cache.training == expected
    assert digest("u7") in expected.trained_on and len(digest("ü")) == 16
    before = path.read_bytes()
    assert plant(tmp_path / "again", trained_on=digests(300)[::-1] * 2).read_bytes() == before
    with h5py.File(path, "r+") as file:
        rows = file["trained_on"][()]
        assert rows.shape == (300, 16) and sorted(map(bytes, rows)) == list(map(bytes, rows))
        file["trained_on"][0] = 0
    with pytest.raises(EmotionError, match="checksum"):
        verify(path)


@pytest.mark.slow
def test_flipped_bits_are_found_or_do_no_harm(tmp_path):
    path = plant(tmp_path, trained_on=digests(3))
    whole = path.read_bytes()

    def content():
        with Cache(path) as cache:
            cache.check()
            known = (cache.ids, cache.reason, cache.notes, cache.attributes, cache.offsets.tolist(), cache.training)
            return known, cache.values().tobytes()

    expected, rng, found = content(), random.Random(0), 0
    heap, header = whole.index(b"GCOL"), whole.index(b"trained_on\0")  # HDF5 itself hangs at some of these bits
    places = [rng.randrange(len(whole)) for _ in range(300)]
    for place in [*places, *range(heap, heap + 120), *range(header, header + 64)]:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            assert content() == expected  # the bit was in a gap of HDF5's own
        except EmotionError as error:
            found += 1
            assert "\n" not in str(error)
    assert found > 30


def test_a_cut_or_extended_file_says_so(tmp_path):
    path = plant(tmp_path)
    whole = path.read_bytes()
    for content, found in (
        (whole[:-1], rf"it has {len(whole) - 1} bytes, its header says {len(whole)}"),
        (whole[:90], rf"it has 90 bytes, its header says {len(whole)}"),
        (whole[:40], "it is cut short, it has 40 bytes"),
        (whole[:5], "does not begin as an HDF5 file"),
        (whole + b"x", rf"it has {len(whole) + 1} bytes, its header says {len(whole)}"),
    ):
        path.write_bytes(content)
        refused(path, found)


@pytest.mark.parametrize(
    ("at", "new"),
    [
        (9, 1),
        (10, 1),
        (12, 1),
        (13, 4),
        (14, 4),
        (24, 1),
        (48, 0),
    ],  # versions, sizes of offset and length, base, driver
)
def test_a_changed_superblock_is_refused_before_hdf5_sees_it(tmp_path, at, new):
    path = plant(tmp_path)
    whole = bytearray(path.read_bytes())
    whole[at] = new
    path.write_bytes(whole)
    refused(path, "its first bytes are not those of a feature cache")


def test_more_than_fits_into_memory_is_not_read_as_a_whole(tmp_path, monkeypatch):
    path = plant(tmp_path, trained_on=digests(9))
    need = {}
    with h5py.File(path) as file:
        need = {name: data.nbytes for name, data in file.items() if name != "values"}
    name, most = max(need.items(), key=lambda item: item[1])
    monkeypatch.setattr(structure, "_MOST_SMALL", most)
    verify(path)
    monkeypatch.setattr(structure, "_MOST_SMALL", most - 1)
    refused(path, f"its {name} have {most} bytes, expected at most {most - 1}")


def test_a_file_of_holes_is_not_read(tmp_path):
    path = plant(tmp_path)
    rows = 10**11
    with h5py.File(path, "r+") as file:
        file["offsets"][-1] = rows
        del file["values"]
        how = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        how.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        how.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        h5py.h5d.create(file.id, b"values", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((rows, 2)), how)
    assert path.stat().st_size > 8 * rows
    refused(path, "nearly all holes")
