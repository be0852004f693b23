"""Several vectors per utterance, of sound and faces: beside the same by loops, and none of them is padding."""

import numpy as np
import pytest
import torch
from encoders import checkpoints, test_audio, test_face, test_pretrained_audio, test_pretrained_face
from encoders.planted import check_folder, clips, section, vectors, waves

from emotion.core.errors import EmotionError
from emotion.encoders.audio import AudioEncoder
from emotion.encoders.face import FaceEncoder, channels
from emotion.encoders.for_audio import load_encoder, new_encoder
from emotion.encoders.for_face import new_encoder as new_face
from emotion.encoders.pooling import pool_frames
from emotion.encoders.settings import Audio, Face


def rows_of(encoder, inputs):
    """What extraction stores; the same one by one as together."""
    with torch.no_grad():
        together = encoder.eval().sequences(encoder.collate(inputs))
        for rows, one in zip(together, inputs, strict=True):
            torch.testing.assert_close(rows, encoder.sequences(encoder.collate([one]))[0], atol=1e-5, rtol=1e-5)
    return together


def test_frames_are_pooled_without_padding():
    hidden = torch.randn(2, 7, 3)
    mask = torch.arange(7) < torch.tensor([[7], [4]])
    hidden[1, 4:] = torch.nan
    found = pool_frames(hidden, mask, each=3)
    for rows, states, count in zip(found, hidden, (7, 4), strict=True):
        assert len(rows) == -(-count // 3)
        for place, row in enumerate(rows):
            part = [states[t] for t in range(3 * place, min(3 * place + 3, count))]
            torch.testing.assert_close(row, sum(part) / len(part))


def test_the_papers_audio_by_fifths_of_a_second():
    torch.manual_seed(0)
    encoder = test_audio.small(level="frame", hop=1600)  # 0.1 s at 16 kHz: two to a fifth of a second
    values, _ = waves(3)
    values.append(np.tile(values[0], 4))
    encoder.prepare(values)
    found = rows_of(encoder, values)
    for rows, wave in zip(found, values, strict=True):
        assert rows.shape == (-(-int(encoder.counts(torch.tensor(len(wave)))) // 2), 12)
    with torch.no_grad():
        v, mask = encoder.states(encoder.collate(values[-1:]))
        attention = encoder.score(v).squeeze(-1).softmax(-1)
    assert bool(mask.all())
    torch.testing.assert_close((attention @ v)[0, 0], vectors(encoder, values[-1:])[0])
    torch.testing.assert_close(found[-1][1], v[0, 2:4].mean(0))


def test_the_papers_face_says_what_each_time_adds():
    torch.manual_seed(0)
    encoder, values = test_face.small(level="frame"), clips(3)[0]
    for clip, rows, whole in zip(values, rows_of(encoder, values), vectors(encoder, values), strict=True):
        assert rows.shape == (2, 10)  # of eight frames
        torch.testing.assert_close(rows.mean(0).clamp(min=0), whole)
        with torch.no_grad():
            x = encoder.blocks(channels(torch.from_numpy(clip)[None].float()))
            for place, row in enumerate(rows):
                alone = torch.zeros_like(x)
                alone[:, :, place] = x[:, :, place]
                only = encoder.connected(alone.flatten(1))[0] - encoder.connected.bias
                torch.testing.assert_close(row, 2 * only + encoder.connected.bias)


@pytest.mark.slow
@pytest.mark.parametrize("name", checkpoints.AUDIO)
def test_speech_checkpoints_by_ten_frames(name, tmp_path):
    folder = checkpoints.AUDIO[name](tmp_path)
    encoder, inputs = test_pretrained_audio.made(folder, level="frame"), checkpoints.noise([4000, 900, 17500])
    for rows, wave in zip(rows_of(encoder, inputs), inputs, strict=True):
        with torch.no_grad():
            states = test_pretrained_audio.naive(folder, wave, "last")
        expected = [states[start : start + 10].mean(0) for start in range(0, len(states), 10)]
        torch.testing.assert_close(rows, torch.stack(expected), atol=1e-5, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", checkpoints.FACE)
def test_picture_and_video_checkpoints_frame_by_frame(name, tmp_path):
    """A checkpoint whose tokens are their place in time, so the frames are in their order."""
    folder = checkpoints.FACE[name](tmp_path)
    encoder, values = test_pretrained_face.made(folder, level="frame", dim=3), clips(2, frames=9, size=12)[0]
    found = rows_of(encoder, values)
    times = {"videomae": 3, "timesformer": 4}.get(name, 5)  # VideoMAE's tokens hold two frames each
    assert [rows.shape for rows in found] == [(times, 3)] * 2
    torch.testing.assert_close(torch.stack([rows.mean(0) for rows in found]), vectors(encoder, values))
    if name in ("videomae", "timesformer"):
        patches = (encoder.size // encoder.body.config.patch_size) ** 2
        place = torch.arange(times).float()
        tokens = place.repeat_interleave(patches) if name == "videomae" else place.repeat(patches)
        encoder.hidden = lambda batch: (tokens[None, :, None].expand(1, -1, 24), None)
        encoder.projected = lambda states: states
        assert encoder.sequences({})[0][:, 0].tolist() == place.tolist()


def test_folders_keep_the_level(tmp_path):
    encoder, (values, _) = test_audio.small(level="frame"), waves(2)
    encoder.prepare(values)
    check_folder(encoder, values, tmp_path)
    assert load_encoder(tmp_path / "one").level == "frame"
    assert "level" not in AudioEncoder().settings() | FaceEncoder().settings()  # folders of before stay as they are


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: AudioEncoder(level="word"), "audio.level is 'word', expected one of utterance, frame"),
        (lambda: FaceEncoder(level="word"), "face.level is 'word', expected one of utterance, frame"),
        (lambda: new_encoder(section(Audio, encoder="egemaps", level="frame")), "egemaps has one vector per utterance"),
    ],
)
def test_levels_that_there_are_not(make, message):
    with pytest.raises(EmotionError, match=message):
        make()


@pytest.mark.slow
def test_levels_that_do_not_go_with_other_options(tmp_path):
    speech, pictures = checkpoints.AUDIO["wav2vec2"](tmp_path / "a"), checkpoints.FACE["vit"](tmp_path / "f")
    with pytest.raises(
        EmotionError, match=r"audio.pooling is mean_std, expected mean, the only one for audio.level: f"
    ):
        new_encoder(section(Audio, encoder=str(speech), level="frame", pooling="mean_std"))
    with pytest.raises(EmotionError, match=r"face.pooling is cls, expected mean, the only one for face.level: frame"):
        new_face(section(Face, encoder=str(pictures), level="frame", pooling="cls"), size=12)
