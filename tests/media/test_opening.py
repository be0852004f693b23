"""A file that cannot be read because this process has no descriptor left is not missing: the run ends and can go on."""

import errno
import os
from pathlib import Path

import pytest

from emotion.core.errors import EmotionError, MediaError
from emotion.media.opening import blame, check_file


@pytest.fixture
def no_descriptor(monkeypatch, tmp_path):
    (tmp_path / "a.wav").touch()

    def fail(path, *_, **__):
        raise OSError(errno.EMFILE, "Too many open files", str(path))

    monkeypatch.setattr(Path, "open", fail)
    monkeypatch.setattr(os, "open", fail)


def test_it_is_no_fault_of_the_file(tmp_path, no_descriptor):
    for look in (blame, lambda path: check_file(path, "audio")):
        with pytest.raises(EmotionError, match=r"a\.wav: cannot be read \(too many open files\)") as found:
            look(tmp_path / "a.wav")
        assert not isinstance(found.value, MediaError)


def test_nothing_waits_for_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    blame(tmp_path / "pipe.wav")
    with pytest.raises(MediaError, match="pipe or device"):
        check_file(tmp_path / "pipe.wav", "audio")


def test_other_reasons_are(tmp_path):
    blame(tmp_path / "missing.wav")
    with pytest.raises(MediaError, match="does not exist"):
        check_file(tmp_path / "missing.wav", "audio")
