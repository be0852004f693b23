"""Feature pickles that once hung, crashed or gave wrong values without a word."""

import json
import os
import struct
import subprocess
import sys

import h5py
import numpy as np
import pytest
from cases.inputs import save_features

from emotion.core.errors import EmotionError
from emotion.exchange.importing import import_features
from emotion.store.cache import Cache

LABELS = ("glad", "sad", "calm")


def imported(tmp_path, **options):
    save_features(tmp_path, **options)
    import_features(tmp_path / "features.pkl", out=tmp_path / "out", split="file", label_names=LABELS)
    return tmp_path / "out"


def present(out, modality):
    with Cache(out / "features" / f"{modality}.h5") as cache:
        return dict(zip(cache.ids, cache.reason, strict=True)), cache.values()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (
            b"\x80\x02cbuiltins\nset\nq\x00(h\x00)}Ntbh\x00)R.",
            "asks for a change to builtins.set, which is not allowed",
        ),
        (b"\x80\x02Nr" + struct.pack("<I", 500_000_000) + b".", "memo entry 500,000,000 in a file of 9 bytes"),
    ],
    ids=["partial-self", "memo-bomb"],
)
def test_hostile_pickles_are_one_line(tmp_path, raw, found):
    (tmp_path / "features.pkl").write_bytes(raw)
    command = [sys.executable, "-m", "emotion", "import", "features.pkl", "--out", "new"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: features.pkl: ")
    assert found in done.stderr
    assert not (tmp_path / "new").exists()


def test_rows_of_nan_are_a_missing_modality(tmp_path, capsys):
    def edit(content):
        for name in content[8]:
            for vector in content[5][name]:
                vector[:] = np.nan

    out = imported(tmp_path, edit=edit)
    reasons, values = present(out, "face")
    assert sum(not reason for reason in reasons.values()) == 36
    assert len(values) == 36
    assert all(
        reason.startswith("no finite value") == (name[:-2] in ("d9", "d10", "d11")) for name, reason in reasons.items()
    )
    assert "face: missing for 12 of 48 utterances (12 no finite value)" in capsys.readouterr().err


@pytest.mark.parametrize("nothing", ["no key", "None", "empty", "None each"])
def test_a_modality_that_some_dialogues_do_not_have(tmp_path, nothing):
    def edit(content):
        if nothing == "no key":
            del content[4]["d2"]
        else:
            content[4]["d2"] = {"None": None, "empty": [], "None each": [None] * 4}[nothing]

    reasons, _ = present(imported(tmp_path, edit=edit), "audio")
    assert {name for name, reason in reasons.items() if reason} == {f"d2_{turn}" for turn in range(4)}
    report = json.loads((tmp_path / "out" / "import.json").read_text())["modalities"]["audio"]
    assert report["missing"] == {"not in the file": 4}


@pytest.mark.slow
def test_one_absurd_utterance_is_named_and_flattens_nothing(tmp_path, capsys):
    reasons, values = present(imported(tmp_path, edit=lambda content: content[4]["d1"][0].fill(3e38)), "audio")
    assert {name for name, reason in reasons.items() if reason} == {"d1_0"}
    assert (values.std(0) > 0.3).all()
    said = capsys.readouterr().err
    assert "audio: 6 values of 1 utterance are absurd" in said
    assert "in dimension" in said
    assert "of utterance d1_0" in said


@pytest.mark.slow
def test_no_test_dialogues(tmp_path, capsys):
    imported(tmp_path, test=0)
    last = capsys.readouterr().err.splitlines()[-1]
    assert "it has no test utterances: `emotion study` scores on validation, `evaluate` has nothing to score" in last


def test_an_hdf5_file_is_no_pickle(tmp_path):
    with h5py.File(tmp_path / "features.h5", "w") as file:
        file["audio"] = np.zeros((10, 4), np.float32)
    with pytest.raises(EmotionError, match=r"features\.h5: is an HDF5 file.*; load it where it was made"):
        import_features(tmp_path / "features.h5", out=tmp_path / "out")


@pytest.mark.slow
def test_text_with_escapes_and_label_names(tmp_path):
    def spoilt(content):
        content[6]["d0"][0] = "\x1b[31mhello\u202e   you\u2028"

    out = imported(tmp_path, edit=spoilt)
    assert ",[31mhello you," in (out / "index.csv").read_text()
    with pytest.raises(EmotionError, match=r"label name 'sa\\x1bd': expected no control characters"):
        import_features(tmp_path / "features.pkl", out=out, split="file", label_names=("glad", "sa\x1bd", "calm"))


@pytest.mark.slow
def test_a_class_that_is_never_trained_is_said(tmp_path, capsys):
    """Labels of the test set are not counted: index and report must not tell them."""
    out = imported(tmp_path, labels=lambda d, t: 2 if d > 8 else (d + t) % 2)
    said = capsys.readouterr().err
    assert "without an utterance in training" in said
    assert "calm" in said
    assert "12" not in json.dumps(json.loads((out / "import.json").read_text())["findings"])
