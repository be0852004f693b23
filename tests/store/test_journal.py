"""The journal: damage costs the records it hits; other versions and torn ends are cut off."""

import random
import tracemalloc
import zlib
from contextlib import closing

import pytest

from emotion.core.errors import EmotionError
from emotion.core.locks import lock_of
from emotion.store import journal as module
from emotion.store.journal import Journal, _header, _Place


def write(path, count=20, size=300):
    with closing(Journal(path)) as journal:
        for i in range(count):
            journal.append({"i": i}, bytes([i]) * size)
        journal.flush()
    return path.read_bytes()


def read(path):
    """Record number -> payload of what is left."""
    with closing(Journal(path)) as journal:
        found = list(journal.payloads(range(len(journal.metas))))
        return {meta["i"]: data for meta, data in zip(journal.metas, found, strict=True)}


def test_a_flipped_bit_costs_its_record(tmp_path):
    path = tmp_path / "a.journal"
    whole, rng = write(path), random.Random(0)
    for at in [*range(60), *(rng.randrange(len(whole)) for _ in range(150))]:
        damaged = bytearray(whole)
        damaged[at] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        found = read(path)
        assert len(found) >= 19, at
        assert all(data == bytes([i]) * 300 for i, data in found.items())
        assert read(path) == found


def test_a_hole_costs_what_it_covers(tmp_path, caplog):
    path = tmp_path / "a.journal"
    whole = write(path)
    record = (len(whole) - 18) // 20
    path.write_bytes(whole[: 18 + 3 * record + 50] + bytes(2 * record) + whole[18 + 5 * record + 50 :])
    assert sorted(read(path)) == [0, 1, 2, *range(6, 20)]
    assert "damaged in 1 places" in caplog.text
    path.write_bytes(whole[: 18 + 3 * record] + whole[18 + 5 * record :])  # moved: not where it was written
    assert sorted(read(path)) == [0, 1, 2]


def test_work_goes_on_after_damage(tmp_path):
    path = tmp_path / "a.journal"
    whole = bytearray(write(path))
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole + b"rec:torn")
    lost = set(range(20)) - read(path).keys()
    assert len(lost) == 1
    with closing(Journal(path)) as journal:
        journal.append({"i": lost.pop()}, b"new")
        journal.flush()
    assert len(read(path)) == 20 and b"new" in read(path).values()


def test_a_journal_of_an_earlier_version_is_one_line(tmp_path, caplog):
    path = tmp_path / "a.journal"
    path.write_bytes(b"emotion journal 2\n" + b"rec:" + bytes(500))
    assert read(path) == {}
    assert caplog.text.count("another version") == 1
    write(path)
    assert len(read(path)) == 20


def test_marks_in_payloads_and_long_gaps(tmp_path):
    path = tmp_path / "a.journal"
    inner = write(tmp_path / "inner.journal")
    with closing(Journal(path)) as journal:
        for i in range(3):
            journal.append({"i": i}, b"rec:" * 100_000 + inner + bytes(3 << 20))
        journal.flush()
    whole = bytearray(path.read_bytes())
    whole[18 + 6] ^= 1  # in the first header
    path.write_bytes(whole)
    assert sorted(read(path)) == [1, 2]


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "a.journal"
    write(path, count=8, size=12 << 20)
    tracemalloc.start()
    Journal(path).close()
    assert tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_a_record_whose_meta_is_no_object_is_damage(tmp_path):
    path = tmp_path / "a.journal"
    for meta in (b"[" * 100_000, b"{", b"null", b"\xff"):
        content = write(path)
        place = _Place(len(content), len(meta), 4)
        path.write_bytes(content + _header(place, zlib.crc32(b"data", zlib.crc32(meta))) + meta + b"data")
        assert len(read(path)) == 20


def test_a_journal_that_cannot_be_opened_or_read_is_one_line_and_not_held(tmp_path, monkeypatch):
    path = tmp_path / "a.journal"
    (tmp_path / "folder").mkdir()
    with pytest.raises(EmotionError, match=r"folder: cannot be written \(it is a folder, expected a file\)"):
        Journal(tmp_path / "folder")
    assert not lock_of(tmp_path / "folder").exists()
    whole = write(path)
    for error, expected in (
        (OSError(5, "Input/output error"), r"a\.journal: cannot be read \(the disk reports an error\); look at it"),
        (KeyboardInterrupt("pressed"), "^pressed$"),
    ):

        def fails(*_, error=error):
            raise error

        with monkeypatch.context() as patched:
            patched.setattr(module, "_records", fails)
            with pytest.raises((EmotionError, KeyboardInterrupt), match=expected):
                Journal(path)
        assert not lock_of(path).exists() and path.read_bytes() == whole
    assert len(read(path)) == 20


def test_much_is_written_before_it_is_flushed(tmp_path, monkeypatch):
    """A kill then loses less, and memory stays small."""
    monkeypatch.setattr(module, "_BUFFER", 1000)
    path = tmp_path / "a.journal"
    with closing(Journal(path)) as journal:
        for i in range(3):
            journal.append({"i": i}, bytes([i]) * 600)
    assert read(path) == {i: bytes([i]) * 600 for i in range(2)}
