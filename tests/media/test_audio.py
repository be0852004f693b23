"""Segments are the right samples in all formats, and broken files are named."""

import numpy as np
import pytest
import soundfile

from emotion.corpus.utterance import Index, Utterance
from emotion.errors import MediaError
from emotion.media.audio import files, read_segment, reader

RATE = 16000


def tone(seconds, rate=RATE, hertz=440.0):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


@pytest.mark.parametrize(
    ("name", "subtype", "error"),
    [
        ("a.wav", "PCM_16", 4e-5),
        ("a.wav", "PCM_24", 1e-6),
        ("a.wav", "FLOAT", 1e-7),
        ("a.flac", "PCM_16", 4e-5),
        ("a.flac", "PCM_24", 1e-6),
    ],
)
def test_segment_of_every_format(tmp_path, name, subtype, error):
    wave = np.random.default_rng(0).uniform(-0.9, 0.9, 3 * RATE)
    soundfile.write(tmp_path / name, wave, RATE, subtype=subtype)
    got = read_segment(tmp_path / name, start=0.5, end=1.75, rate=RATE)
    assert got.dtype == np.float32 and got.shape == (20000,)
    np.testing.assert_allclose(got, wave[8000:28000], atol=error)


def test_stereo_is_mixed(tmp_path):
    left, right = tone(1), tone(1, hertz=300)
    soundfile.write(tmp_path / "a.wav", np.column_stack([left, right]), RATE, subtype="FLOAT")
    got = read_segment(tmp_path / "a.wav", start=0, end=1, rate=RATE)
    np.testing.assert_allclose(got, (left + right) / 2, atol=1e-6)


def test_other_rates_are_resampled(tmp_path):
    for rate in (8000, 22050, 44100, 48000):
        soundfile.write(tmp_path / "a.wav", tone(1, rate), rate, subtype="FLOAT")
        got = read_segment(tmp_path / "a.wav", start=0.2, end=0.7, rate=RATE)
        assert got.dtype == np.float32 and abs(len(got) - 8000) <= 1
        expected = tone(1)[3200:11200]
        np.testing.assert_allclose(got[200:7800], expected[200:7800], atol=0.01)


def test_a_segment_is_cut_to_what_exists(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1), RATE)
    assert len(read_segment(tmp_path / "a.wav", start=0.75, end=1.2, rate=RATE)) == 4000


def test_truncated_file_gives_what_it_has(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(2), RATE)
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content[: len(content) // 2])
    assert len(read_segment(tmp_path / "a.wav", start=0.5, end=1.4, rate=RATE)) == pytest.approx(8000, abs=50)
    with pytest.raises(MediaError, match="beyond the audio's end"):
        read_segment(tmp_path / "a.wav", start=1.5, end=2, rate=RATE)


def test_bad_audio_is_named(tmp_path):
    holes = tone(1)
    holes[5000] = np.nan
    soundfile.write(tmp_path / "nan.wav", holes, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "inf.wav", np.full(RATE, np.inf), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "one.wav", np.zeros(1), RATE)
    soundfile.write(tmp_path / "none.wav", np.zeros(0), RATE)
    soundfile.write(tmp_path / "good.wav", tone(1), RATE)
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("not a sound\n" * 100)
    (tmp_path / "header.wav").write_bytes((tmp_path / "good.wav").read_bytes()[:20])
    cases = [
        ("missing.wav", 0, 1, "no audio file"),
        ("empty.wav", 0, 1, "empty audio file"),
        ("text.wav", 0, 1, "undecodable audio"),
        ("header.wav", 0, 1, "undecodable audio"),
        ("nan.wav", 0, 1, "audio is not finite"),
        ("inf.wav", 0, 1, "audio is not finite"),
        ("one.wav", 0, 1, "audio ends early"),
        ("one.wav", 0, 1 / RATE, "audio too short"),
        ("none.wav", 0, 1, "segment beyond the audio's end"),
        ("good.wav", 2, 3, "segment beyond the audio's end"),
        ("good.wav", 0.5, 0.5, "empty segment"),
        ("good.wav", 0.5, 0.2, "empty segment"),
    ]
    for name, start, end, kind in cases:
        with pytest.raises(MediaError, match=rf"^{kind}: .*{name}"):
            read_segment(tmp_path / name, start=start, end=end, rate=RATE)
    with pytest.raises(MediaError, match="no audio file"):
        read_segment(tmp_path, start=0, end=1, rate=RATE)
    before_the_hole = read_segment(tmp_path / "nan.wav", start=0, end=0.25, rate=RATE)
    assert len(before_the_hole) == 4000


def test_reader(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(1), RATE)
    row = Utterance("u", "d", 0, "s", 0.5, 1.0, "", "train", "", "a.wav", "", "left")
    silent = Utterance("v", "d", 1, "s", 0.5, 1.0, "", "train", "", "", "", "left")
    read = reader(tmp_path, rate=8000)
    assert len(read(row)) == 4000
    with pytest.raises(MediaError, match="no audio: "):
        read(silent)
    assert files(Index((row, silent, row), ("happy",), "c", ""), root=tmp_path) == [tmp_path / "a.wav"]


def test_less_than_half_of_a_segment_is_missing(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(1.0), RATE)
    assert len(read_segment(path, start=0.5, end=1.4, rate=RATE)) == RATE // 2
    with pytest.raises(MediaError, match="audio ends early"):
        read_segment(path, start=0.9, end=1.9, rate=RATE)
