"""What FFmpeg and libsndfile say of a file, in plain words."""

import av
import pytest

from emotion.core.errors import MediaError
from emotion.corpus.containers import one_line, open_container, sound_header

FILES = {
    "letter.mp4": b"Dear all,\n" * 200,
    "zeros.mkv": b"\x1aE\xdf\xa3" + bytes(500),
    "begun.ogv": b"OggS" + bytes(500),
    "begun.ogg": b"OggS" + bytes(500),
    "short.wav": b"RIFF nonsense",
}


@pytest.mark.parametrize("name", FILES)
def test_no_number_and_no_path_twice(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(FILES[name])
    with pytest.raises(MediaError, match=r"^undecodable audio: ") as caught:
        if sound_header(path) == (0, 0):
            open_container(path, problem="undecodable audio")
    said = str(caught.value)
    assert "Errno" not in said and said.count(name) == 1 and "Invalid data" not in said


def test_what_the_system_says_stays(tmp_path):
    with pytest.raises(av.FFmpegError) as caught:
        av.open(str(tmp_path))
    assert one_line(caught.value) == "Is a directory"
    assert one_line(MemoryError()) == "more memory is needed than there is"
    assert one_line(ValueError("two\nlines.")) == "two lines" and one_line(ValueError()) == "ValueError"
