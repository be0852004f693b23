"""Sound that was once refused, moved, averaged away or believed: each with its right value."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from cases.films import film, person, voice
from cases.inputs import rows, table, wavs

from emotion.core.errors import MediaError
from emotion.corpus.check import check_corpus
from emotion.corpus.lengths import media_length
from emotion.corpus.utterance import Utterance
from emotion.media.audio import read_segment, reader
from emotion.media.probe import decode
from emotion.media.remarks import remark

RATE = 16000


def read(path, start=0.0, end=None, **options):
    return read_segment(path, start=start, end=media_length(path) if end is None else end, rate=RATE, **options)


def begins(wave):
    """The first second at which there is something to hear."""
    return np.flatnonzero(abs(wave) > 0.01)[0] / RATE


def doctor(root):
    report = check_corpus(
        corpus="table", root=root, label_rule="released", split="corpus", allow_speaker_overlap=False, decode=decode,
        workers=1,
    )  # fmt: skip
    return {finding.kind.name: finding for finding in report.findings}


def headed(path, *, riff=None, data=None):
    """Write other sizes into the header of a wav file of 2 s."""
    soundfile.write(path, voice(2.0), RATE)
    content = bytearray(path.read_bytes())
    at = content.find(b"data") + 4
    for place, value in ((4, riff), (at, data)):
        if value is not None:
            content[place : place + 4] = value.to_bytes(4, "little")
    path.write_bytes(content)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["v.mkv", "v.mov", "v.webm"])
def test_sound_that_starts_late_is_padded(tmp_path, name):
    codec, sound = ("libvpx", "libopus") if name == "v.webm" else ("libx264", "pcm_s16le")
    rate = 48000 if name == "v.webm" else RATE
    path = film(tmp_path / name, person(48), codec=codec, sounds=[voice(2.4, rate)], rate=rate, sound=sound, late=0.8)
    wave = read(path, 0, 3)
    assert len(wave) == 3 * RATE and begins(wave) == pytest.approx(0.8, abs=0.01)
    assert begins(read(path, 0.5, 3)) == pytest.approx(0.3, abs=0.01)
    assert begins(read(path, 1.5, 3)) == pytest.approx(0, abs=0.01)
    assert media_length(path) == pytest.approx(3.2, abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["v.mkv", "v.mp4", "v.ts"])
def test_a_clock_that_starts_late_is_no_length(tmp_path, name):
    path = film(tmp_path / name, person(), sounds=[voice(2.4, 48000)], clock=9.6)
    assert media_length(path) == pytest.approx(2.4, abs=0.04)
    assert begins(read(path, 0, 2.4)) < 0.03 and len(read(path, 1.6, 2.4)) == pytest.approx(0.8 * RATE, abs=2)
    assert decode(path).seconds["video"] == pytest.approx(2.4, abs=0.07)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["webm", "matroska", "mp4"])
def test_recordings_that_do_not_say_how_long_they_are(tmp_path, form):
    codec, sound = ("libvpx", "libopus") if form == "webm" else ("libx264", "aac")
    path, piped = tmp_path / f"v.{form}", form != "mp4"
    film(path, person(), codec=codec, sounds=[voice(2.4, 48000)], sound=sound, form=form, seekable=not piped)
    assert media_length(path) == pytest.approx(2.4, abs=0.02)
    assert len(read(path, 0, 2)) == 2 * RATE and len(read(path, 1.5, 2)) == RATE / 2


@pytest.mark.slow
def test_the_default_track_is_heard(tmp_path):
    sounds = [0 * voice(2.4), voice(2.4)]
    path = film(tmp_path / "v.mkv", person(), sounds=sounds, rate=RATE, sound="pcm_s16le", loud=1)
    np.testing.assert_allclose(read(path, 0, 2), sounds[1][: 2 * RATE], atol=1e-4)
    path = film(tmp_path / "w.mkv", person(), sounds=sounds[::-1], rate=RATE, sound="pcm_s16le")
    assert abs(read(path, 0, 2)).max() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("shares", "expected"), [((1, -1), 1), ((0.9, -1), -1), ((1, -1) * 3, 1), ((1, 0.5), 0.75)])
def test_opposite_channels_are_not_averaged_away(tmp_path, shares, expected):
    wave = voice(1.0)
    soundfile.write(tmp_path / "a.wav", np.column_stack([share * wave for share in shares]), RATE, subtype="FLOAT")
    np.testing.assert_allclose(read(tmp_path / "a.wav"), expected * wave, atol=1e-6)


@pytest.mark.parametrize(
    ("riff", "data"), [(0, 0), (None, 0), (2**32 - 1, 2**32 - 1), (0, None), (None, 10**8), (None, 2**31 - 1)]
)
def test_sizes_in_wav_headers_that_are_not_true(tmp_path, riff, data):
    path = headed(tmp_path / "a.wav", riff=riff, data=data)
    assert media_length(path) == 2.0
    np.testing.assert_allclose(read(path), voice(2.0), atol=1e-4)
    np.testing.assert_allclose(read(path, 1.25, 1.75), voice(2.0)[20000:28000], atol=1e-4)


def test_a_flac_stream_of_unknown_length(tmp_path):
    path = tmp_path / "a.flac"
    soundfile.write(path, voice(2.0), RATE)
    content = bytearray(path.read_bytes())
    content[21], content[22:26] = content[21] & 0xF0, bytes(4)
    path.write_bytes(content)
    assert media_length(path) == pytest.approx(2.0, abs=0.01) and len(read(path, 0, 2)) == 2 * RATE


@pytest.mark.parametrize("subtype", ["GSM610", "IMA_ADPCM", "MS_ADPCM", "ULAW", "ALAW"])
def test_telephone_codecs(tmp_path, subtype):
    path = tmp_path / "a.wav"
    soundfile.write(path, voice(2.0, 8000), 8000, subtype=subtype)
    assert media_length(path) == pytest.approx(2.0, abs=0.03)
    assert abs(read(path, 0.5, 1.5)).max() == pytest.approx(0.5, abs=0.1) and len(read(path, 0.5, 1.5)) == RATE
    assert decode(path, ["audio"]).form == "1 channels, 8000 Hz"


@pytest.mark.parametrize(
    ("name", "sound", "form"),
    [("a.m4a", "aac", "ipod"), ("a.opus", "libopus", "ogg"), ("a.webm", "libopus", "webm"), ("a.aac", "aac", "adts"),
     ("a.wma", "pcm_s16le", "asf"), ("a.mka", "flac", "matroska"), ("a.mp3", "mp3", "mp3"), ("a.wav", "aac", "ipod")],
)  # fmt: skip
def test_sound_only_containers(tmp_path, name, sound, form):
    path = film(tmp_path / name, sounds=[voice(2.4, 48000)], sound=sound, form=form)
    assert media_length(path) == pytest.approx(2.4, abs=0.04)
    assert begins(read(path, 0, 2)) < 0.03 and abs(read(path, 1.5, 2)).max() > 0.2
    medium = decode(path, ["audio"])
    assert medium.seconds["audio"] == pytest.approx(2.4, abs=0.04) and 0.3 < medium.level.peak < 0.7


def test_what_is_no_sound_is_not_guessed(tmp_path):
    for name in ("a.wav", "a.mp3", "a.flac"):
        (tmp_path / name).write_bytes(np.random.default_rng(0).bytes(50_000))
        with pytest.raises(MediaError, match="undecodable audio"):
            read(tmp_path / name, 0, 1)
        with pytest.raises(MediaError, match=r"^corrupt: "):
            media_length(tmp_path / name)


@pytest.mark.slow
def test_an_end_far_beyond_the_file(tmp_path):
    path = film(tmp_path / "v.mp4", person(), sounds=[voice(2.4, 48000)])
    with pytest.raises(MediaError, match=r"audio ends early: .*v.mp4 is 2.4\S* s long, segment is 0-2e\+09 s"):
        read(path, 0, 2e9, max_seconds=600)
    soundfile.write(tmp_path / "a.wav", voice(5.0), RATE)
    row = Utterance("u", "d", 0, "s", 1.0, 2e9, "", "train", "", "a.wav", "", "full")
    wave = reader(tmp_path, rate=RATE, max_seconds=2.0)(row)
    np.testing.assert_allclose(wave, voice(5.0)[RATE : 3 * RATE], atol=1e-4)
    (cut,) = remark(row, wave, max_seconds=2.0)["remarks"]
    assert "longer than max_seconds, read up to 2 s" in cut


@pytest.mark.parametrize(
    ("wave", "kind"),
    [(0 * voice(1.0), "silent (peak below -60 dBFS)"), (4e-5 * voice(1.0), "silent"), (2**15 * voice(1.0), "scale"),
     (voice(1.0), ""), (0.9 / 0.5 * voice(1.0), ""), (0.1 + voice(1.0), "zero line is off"),
     (0.3 + 0 * voice(1.0), "silent"), (0.3 + 4e-5 * voice(1.0), "silent"),
     (np.clip(20 * voice(1.0), -1, 1), "clipped")],
)  # fmt: skip
def test_remarks_on_waveforms(wave, kind):
    found = remark(Utterance("u", "d", 0, "s", 0.0, 1.0, "", "train", "", "a.wav", "", "full"), wave, max_seconds=600)
    assert kind in str(found) if kind else found is None


@pytest.mark.slow
def test_the_doctor_names_silence_and_scale(tmp_path):
    audio = wavs(tmp_path)
    soundfile.write(tmp_path / "0.wav", np.zeros(RATE), RATE)
    for number, scale in ((1, 2**15), (2, 4e-5)):
        soundfile.write(tmp_path / f"{number}.wav", voice(1.0) * scale, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "3.wav", voice(1.0, 8000), 8000, subtype="GSM610")
    table(tmp_path, rows(audio=audio))
    found = {what: finding for what, finding in doctor(tmp_path).items() if "sound" in what}
    assert len(found) == 2 and {finding.kind.level for finding in found.values()} == {"warning"}
    silent = found["sound files that are silent (peak below -60 dBFS)"].places
    assert silent == ["0.wav: nothing but zeros", "2.wav: peak 2e-05"]
    (loud,) = found["sound files with samples of another scale"].places
    assert "1.wav: peak 163" in loud and "expected about 1 at most" in loud


@pytest.mark.slow
def test_the_doctor_names_a_zero_line_that_is_off_and_clipping(tmp_path):
    audio = wavs(tmp_path)
    soundfile.write(tmp_path / "0.wav", np.full(RATE, 0.25), RATE)
    soundfile.write(tmp_path / "1.wav", voice(1.0) - 0.2, RATE)
    soundfile.write(tmp_path / "2.wav", np.clip(20 * voice(1.0), -1, 1), RATE)
    film(tmp_path / "3.mp4", person(), sounds=[np.clip(20 * voice(2.4, 48000), -1, 1)])
    table(tmp_path, rows(audio=lambda i: "3.mp4" if i == 3 else audio(i)))
    found = {what: finding.places for what, finding in doctor(tmp_path).items() if "sound" in what}
    assert found.pop("sound files that are silent (peak below -60 dBFS)") == ["0.wav: always 0.25, no swing"]
    (off,) = found.pop("sound files whose zero line is off (a direct current from the sound card)")
    assert off.startswith("1.wav: mean -0.2, peak 0.")
    clipped = found.pop("sound files that are clipped")
    assert [place.split(":")[0] for place in clipped] == ["2.wav", "3.mp4"] and "at full scale" in clipped[0]
    assert found == {}


@pytest.mark.slow
def test_a_file_of_one_sample_does_not_hide_the_others(tmp_path):
    audio = wavs(tmp_path)
    soundfile.write(tmp_path / "5.wav", np.array([0.3]), RATE)
    soundfile.write(tmp_path / "6.wav", np.zeros(RATE), RATE)
    table(tmp_path, rows(audio=audio))
    found = doctor(tmp_path)
    assert "sound files that are silent (peak below -60 dBFS)" in found
    row = Utterance("u", "d", 0, "s", 0.0, 0.001, "", "train", "", "5.wav", "", "full")
    with pytest.raises(MediaError, match=r"5\.wav is 6\.25e-05 s long"):
        reader(tmp_path, rate=RATE)(row)


@pytest.mark.slow
def test_good_films_are_no_finding(tmp_path):
    films = {
        "longer.mkv": {"sounds": [voice(3.2)], "rate": RATE, "sound": "pcm_s16le"},
        "late.mkv": {"sounds": [voice(2.4)], "rate": RATE, "sound": "pcm_s16le", "late": 0.8},
        "clock.mkv": {"sounds": [voice(2.4)], "rate": RATE, "sound": "pcm_s16le", "clock": 9.6},
        "padded.mp4": {"sounds": [voice(2.43, 48000)]},
        "piped.webm": {"sounds": [voice(2.4, 48000)], "sound": "libopus", "codec": "libvpx", "form": "webm"},
    }
    for name, options in films.items():
        film(tmp_path / name, person(), seekable=name != "piped.webm", **options)
    film(tmp_path / "a.m4a", sounds=[voice(2.0, 48000)], form="ipod")
    names = [*films, "a.m4a"]
    for name in names:
        shutil.copy(tmp_path / name, tmp_path / f"2{name}")
    names += [f"2{name}" for name in names]
    table(tmp_path, rows(audio=lambda i: names[i], video=lambda i: "" if "m4a" in names[i] else names[i]))
    of_the_table = ("classes with one or two", "utterances of the test set with a near copy")
    assert [what for what in doctor(tmp_path) if not what.startswith(of_the_table)] == []


def test_times_in_milliseconds_are_asked_about(tmp_path):
    soundfile.write(tmp_path / "d.wav", voice(8.0), RATE)
    times = {"start": lambda i: 600 * i, "end": lambda i: 600 * i + 500}
    table(tmp_path, rows(audio="d.wav", dialogue="d", **times))
    found = doctor(tmp_path)
    assert "milliseconds" in str([*found, *found.values()])


def hostile(path: Path, columns: tuple[str, ...]):
    """A decoder that goes wrong in a way that nobody foresaw."""
    if path.stem == "0":
        raise KeyError("what a library raises")
    if path.stem == "1":
        raise MemoryError
    return decode(path, columns)


@pytest.mark.slow
def test_a_file_that_fails_does_not_end_the_report(tmp_path):
    table(tmp_path, rows(audio=wavs(tmp_path)))
    report = check_corpus(
        corpus="table", root=tmp_path, label_rule="released", split="corpus", allow_speaker_overlap=False,
        decode=hostile, workers=1,
    )  # fmt: skip
    (finding,) = [finding for finding in report.findings if finding.kind.level == "error"]
    assert len(finding.places) == 2 and "0.wav" in finding.places[0] and "1.wav" in finding.places[1]
    assert any(line.what.startswith("media:") and line.found == "10" for line in report.lines)
