"""Lengths by the header alone: the same as by decoding, for every kind of file; damage is named."""

import av
import numpy as np
import pytest
import soundfile
from meld_tree import stretched, write_clip

from emotion.core.errors import MediaError
from emotion.corpus.lengths import media_length


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_sounds(tmp_path, name):
    soundfile.write(tmp_path / name, np.zeros(12000), 8000)
    assert media_length(tmp_path / name) == pytest.approx(1.5, abs=1e-6)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.avi", "a.mkv"])
def test_videos(tmp_path, name):
    # Without sound: AAC in AVI is longer than its pictures, and the longest track counts.
    write_clip(tmp_path / name, seconds=2.0, sound=name != "a.avi")
    with av.open(str(tmp_path / name)) as container:
        frames = sum(1 for _ in container.decode(video=0))
    assert media_length(tmp_path / name) == pytest.approx(frames / 25, abs=0.1)


def head_first(data):
    """The same clip with its index before its data, as for streaming; offsets in it are not fixed."""
    at = data.index(b"moov") - 4
    size = int.from_bytes(data[at : at + 4])
    start = data.index(b"mdat") - 4
    return data[:start] + data[at : at + size] + data[start:at]


def test_a_clip_cut_off_is_found_wherever_its_index_is(tmp_path):
    path = tmp_path / "a.mp4"
    write_clip(path, seconds=2.0)
    data = path.read_bytes()
    for whole in (data, head_first(data)):
        path.write_bytes(whole)
        assert media_length(path) == pytest.approx(2.0, abs=0.1)
        path.write_bytes(whole[:-200])
        with pytest.raises(MediaError, match=r"corrupt: .*a.mp4 (is cut off|has no moov box)"):
            media_length(path)
    path.write_bytes(stretched(data, 305))
    assert media_length(path) == pytest.approx(305, abs=0.1)


def test_what_is_no_medium(tmp_path):
    with pytest.raises(MediaError, match=r"^missing: .*a.wav does not exist"):
        media_length(tmp_path / "a.wav")
    for name in ("a.wav", "a.mp4", "a.avi", "a.xyz"):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(MediaError, match=r"^corrupt: .* has 0 bytes"):
            media_length(tmp_path / name)
        (tmp_path / name).write_bytes(bytes(range(200)))
        with pytest.raises(MediaError, match=r"^corrupt: "):
            media_length(tmp_path / name)
