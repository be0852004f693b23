import os
import pickle
import struct
from collections import defaultdict

import numpy as np
import pytest

from emotion.core.errors import EmotionError
from emotion.exchange.unpickling import load_pickle


class Malicious:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


def content():
    return (
        {"a": [np.arange(3, dtype="f4"), np.ones(2)], "b": [1, 2.5, True, None]},
        {"a", "b"},
        frozenset({1}),
        np.float32(3),
        np.int64(4),
        b"\x80bytes",
        np.array(["x", "yy"]),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
    )


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("core", [b"core", b"_core"])
def test_arrays_and_containers_of_every_protocol(tmp_path, protocol, core):
    path = tmp_path / "a.pkl"
    raw = pickle.dumps(content(), protocol=protocol)
    if protocol < 4:  # later ones store lengths
        raw = raw.replace(b"cnumpy._core.", b"cnumpy." + core + b".")
    path.write_bytes(raw)
    found, wanted = list(load_pickle(path)), list(content())
    assert found.pop(1) == wanted.pop(1)  # a set, which is shown in an order that changes from run to run
    assert repr(found).split() == repr(wanted).split()


def test_a_pickle_of_python_2(tmp_path):
    """Bytes are latin-1 text there, an array's bytes too, and numpy's flags are numbers."""
    values = np.array([1.5, -2.25, 1e300])
    raw = values.tobytes()
    text = b"(dp0\nS'caf\\xe9'\np1\n"
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n(I0\ntp4\nS'b'\np5\ntp6\nRp7\n"
        b"(I1\n(I3\ntp8\ncnumpy\ndtype\np9\n(S'f8'\np10\nI0\nI1\ntp11\nRp12\n(I3\nS'<'\np13\nNNNI-1\nI-1\nI0\ntp14\nb"
        b"I00\nS" + ascii(raw.decode("latin-1")).encode() + b"\np15\ntp16\nbs."
    )
    path = tmp_path / "old.pkl"
    path.write_bytes(text + array)
    (name, found), *_ = load_pickle(path).items()
    assert name == "café"
    assert np.array_equal(found, values)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ("touch {}",)),
        (eval, ("__import__('pathlib').Path(r'{}').touch()",)),
        (exec, ("open(r'{}', 'w')",)),
        (open, ("{}", "w")),
        (getattr, (os, "system")),
        (np.fromfile, ("{}",)),
        (np.save, ("{}", 1)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_nothing_else_is_run(tmp_path, function, arguments, protocol):
    victim = tmp_path / "victim"
    filled = tuple(item.format(victim) if isinstance(item, str) else "x" for item in arguments)
    path = tmp_path / "bad.pkl"
    path.write_bytes(pickle.dumps(({}, Malicious(function, *filled)), protocol=protocol))
    with pytest.raises(EmotionError, match=r"bad\.pkl: asks for .* not allowed, and nothing was run"):
        load_pickle(path)
    assert [item.name for item in tmp_path.iterdir()] == ["bad.pkl"]


def test_dotted_names_lead_nowhere(tmp_path):
    """Protocol 4 looks up attributes of attributes: numpy.ndarray must not lead to anything else."""
    name = b"ndarray.__class__.__base__.__subclasses__"
    raw = b"\x80\x04\x8c\x05numpy\x8c" + bytes([len(name)]) + name + b"\x93)R."
    (tmp_path / "bad.pkl").write_bytes(raw)
    with pytest.raises(EmotionError, match=r"asks for numpy\.ndarray\.__class__"):
        load_pickle(tmp_path / "bad.pkl")


@pytest.mark.parametrize("kind", ["O8", "V8", "M8[s]", "f8,f8", "|f4; import os", "U99999999999"])
def test_types_that_could_hold_pointers_are_refused(tmp_path, kind):
    """A forged type has numpy take bytes for the addresses of objects."""
    raw = pickle.dumps({"a": np.zeros(3)}, protocol=2).replace(b"X\x02\x00\x00\x00f8", short(kind))
    assert short(kind) in raw
    (tmp_path / "x.pkl").write_bytes(raw)
    with pytest.raises(EmotionError, match=r"arrays of type|no readable pickle"):
        load_pickle(tmp_path / "x.pkl")


def test_forged_flags_are_not_believed(tmp_path):
    """Flags of numpy's own state of a type: 63 = holds objects."""
    raw = pickle.dumps({"a": np.arange(3.0)}, protocol=2)
    forged = raw.replace(b"J\xff\xff\xff\xffK\x00t", b"J\xff\xff\xff\xffK\x3ft")
    assert forged != raw
    (tmp_path / "x.pkl").write_bytes(forged)
    assert load_pickle(tmp_path / "x.pkl")["a"].tolist() == [0.0, 1.0, 2.0]


def short(text):
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def test_a_shape_that_does_not_fit_its_values(tmp_path):
    raw = pickle.dumps({"a": np.arange(3.0)}, protocol=2)
    forged = raw.replace(b"K\x03\x85", b"K\x7f\x85")
    assert forged != raw
    (tmp_path / "x.pkl").write_bytes(forged)
    with pytest.raises(EmotionError, match="more or fewer values than its shape needs"):
        load_pickle(tmp_path / "x.pkl")


def test_arrays_of_objects_and_of_other_byte_orders(tmp_path):
    content = {"a": np.array(["x", None, 3], dtype=object), "b": np.arange(3, dtype=">i4"), "c": np.zeros((0, 4))}
    for protocol in (2, 4, 5):
        (tmp_path / "x.pkl").write_bytes(pickle.dumps(content, protocol=protocol))
        found = load_pickle(tmp_path / "x.pkl")
        assert found["a"].tolist() == ["x", None, 3]
        assert found["b"].tolist() == [0, 1, 2]
        assert found["c"].shape == (0, 4)


def test_cut_at_every_length(tmp_path):
    raw = pickle.dumps(content(), protocol=2)
    path = tmp_path / "cut.pkl"
    for length in [*range(1, 60), *range(60, len(raw), 37)]:
        path.write_bytes(raw[:length])
        with pytest.raises(EmotionError, match=r"cut\.pkl: no readable pickle, damaged or cut short"):
            load_pickle(path)


@pytest.mark.parametrize("raw", [b"\x80\x63", b"\x00\x01", b"hello", b"\x80\x02N"])
def test_files_that_are_no_pickles(tmp_path, raw):
    (tmp_path / "x.pkl").write_bytes(raw)
    with pytest.raises(EmotionError, match=r"x\.pkl: no readable pickle") as caught:
        load_pickle(tmp_path / "x.pkl")
    assert "\n" not in str(caught.value)


def test_a_length_beyond_memory(tmp_path):
    raw = b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x."
    (tmp_path / "x.pkl").write_bytes(raw)
    with pytest.raises(EmotionError, match=r"x\.pkl"):
        load_pickle(tmp_path / "x.pkl")


def test_calls_cannot_take_memory_out_of_nothing(tmp_path):
    nested = [["x" * 20] * 4]
    for function, argument in ((bytes, 10**10), (str, nested)):
        for protocol in (2, 4):
            (tmp_path / "x.pkl").write_bytes(pickle.dumps(Malicious(function, argument), protocol=protocol))
            with pytest.raises(EmotionError, match=r"x\.pkl: no readable pickle"):
                load_pickle(tmp_path / "x.pkl")
    for protocol in (0, 2, 4):
        (tmp_path / "x.pkl").write_bytes(pickle.dumps([b"", b"a", ""], protocol=protocol))
        assert load_pickle(tmp_path / "x.pkl") == [b"", b"a", ""]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("factory", [list, int, dict, str, bytes, None])
def test_a_defaultdict_is_a_plain_dict(tmp_path, protocol, factory):
    content = defaultdict(factory, {"a": [1], "b": [2.5]})
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(content, protocol=protocol))
    found = load_pickle(tmp_path / "x.pkl")
    assert type(found) is dict
    assert found == {"a": [1], "b": [2.5]}


def test_the_factory_of_a_defaultdict_must_be_known_too(tmp_path):
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(defaultdict(os.getcwd), protocol=2))
    with pytest.raises(EmotionError, match=r"asks for (posix|nt)\.getcwd, which is not allowed"):
        load_pickle(tmp_path / "x.pkl")


def test_no_such_file(tmp_path):
    with pytest.raises(EmotionError, match="no such file"):
        load_pickle(tmp_path / "none.pkl")
