import numpy as np
import pytest
import soundfile
from conversation.planted import Recogniser, find_speech, voice, write

from emotion.conversation.hearing import hear
from emotion.conversation.listen import RATE, Listener
from emotion.core.errors import MediaError


def test_one_pass_for_all_that_is_wanted(tmp_path):
    wave = voice([(1, 2, 0), (3, 5, 1)], 25, channels=2)
    soundfile.write(tmp_path / "a.wav", wave.T, RATE)
    told = []
    heard = hear(
        tmp_path / "a.wav",
        listener=Listener(find_speech, Recogniser("One.", "Two more.")),
        coefficients=True,
        progress=lambda *step: told.append(step),
    )
    assert heard.seconds == 25 and not heard.silent and heard.trouble == ""
    assert [word.text for word in heard.speech.words] == ["One.", "Two", "more."]
    assert [round(edge, 1) for region in heard.speech.regions for edge in (region.start, region.end)] == [1, 2, 3, 5]
    assert heard.levels.shape == (250, 2) and heard.coefficients.shape == (2499, 13)
    assert told == [(10, 25), (20, 25), (25, 25)]


def test_what_is_not_wanted_is_not_made(tmp_path):
    soundfile.write(tmp_path / "a.wav", voice([(1, 2)], 3).T, RATE)
    heard = hear(tmp_path / "a.wav", listener=None, coefficients=False)
    assert heard.coefficients is None and heard.speech.regions == () and heard.levels.shape == (0, 2)


@pytest.mark.parametrize(("level", "silent"), [(0.0, True), (0.001, False)])
def test_a_track_without_any_sound(tmp_path, level, silent):
    soundfile.write(tmp_path / "a.wav", np.full(RATE, level), RATE, subtype="FLOAT")
    assert hear(tmp_path / "a.wav", listener=None, coefficients=False).silent == silent


@pytest.mark.slow
def test_trouble_is_named(tmp_path):
    whole = write(tmp_path / "a.mkv", sound=voice([(1, 2)], 20)).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    heard = hear(tmp_path / "cut.mkv", listener=None, coefficients=False)
    assert heard.trouble.startswith("truncated sound") and "header says 20" in heard.trouble
    with pytest.raises(MediaError, match="no audio file"):
        hear(tmp_path / "none.wav", listener=None, coefficients=False)
