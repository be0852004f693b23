import numpy as np
import pytest
import torch
from encoders import checkpoints
from encoders.planted import check_batches, check_folder, clips, section, vectors

from emotion.core.errors import EmotionError, MediaError
from emotion.encoders.for_face import load_encoder, new_encoder
from emotion.encoders.settings import Face

VIDEO = {"videomae": 6, "timesformer": 4}  # frames
FIRST = {"videomae": 0, "siglip": 0, "deit": 2}  # tokens before those of the picture; 1 of the others


def make(name, factory):
    torch.manual_seed(0)
    return name, checkpoints.FACE[name](factory.mktemp(name))


@pytest.fixture(scope="module", params=checkpoints.some(checkpoints.FACE, "vit"))
def checkpoint(request, tmp_path_factory):
    return make(request.param, tmp_path_factory)


@pytest.fixture(scope="module", params=checkpoints.FACE)
def every(request, tmp_path_factory):
    return make(request.param, tmp_path_factory)


def made(folder, **options):
    torch.manual_seed(1)
    encoder = new_encoder(section(Face, encoder=str(folder), frames=5, **options), size=12)
    encoder.prepare([])
    return encoder.eval()


def naive_pixels(clip, count):
    """Resized frames in colour, frame by frame: (count, 3, 16, 16)."""
    mean, deviation = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.3, 0.25])
    frames = []
    for number in range(count):
        picture = torch.from_numpy(clip[int((number + 0.5) * len(clip) / count)]).float() / 255
        large = torch.nn.functional.interpolate(picture[None, None], (16, 16), mode="bilinear", antialias=True)[0, 0]
        frames.append(torch.stack([(large - m) / d for m, d in zip(mean, deviation, strict=True)]))
    return torch.stack(frames)


def naive(kind, folder, clip, layers, pooling):
    """The bare model on one clip."""
    model, first = checkpoints.bare(folder), FIRST.get(kind, 1)
    model = getattr(model, "vision_model", model)
    pixels = naive_pixels(clip, VIDEO.get(kind, 5))
    if kind in VIDEO:
        output = model(pixels[None], output_hidden_states=True)
        rows = (output.last_hidden_state if layers == "last" else output.hidden_states[layers])[0]
        rows = rows[:1] if pooling == "cls" else rows[first:]
    else:
        rows = []
        for picture in pixels:
            output = model(picture[None], output_hidden_states=True)
            tokens = (output.last_hidden_state if layers == "last" else output.hidden_states[layers])[0]
            rows.append(tokens[0] if pooling == "cls" else tokens[first:].mean(0))
        rows = torch.stack(rows)
    return torch.cat([rows.mean(0)] + ([rows.std(0, correction=0)] if pooling == "mean_std" else []))


def test_clips_in_colour(checkpoint):
    _, folder = checkpoint
    encoder = made(folder)
    grey = clips(2, frames=9, size=12)[0]
    same = [np.repeat(clip[..., None], 3, axis=-1) for clip in grey]
    with torch.no_grad():
        torch.testing.assert_close(encoder(encoder.collate(same)), encoder(encoder.collate(grey)))
        colours = [clip * np.uint8([1, 0, 1]) for clip in same]
        pixels, found = (
            encoder.pixels(encoder.collate(same)["clips"]),
            encoder.pixels(encoder.collate(colours)["clips"]),
        )
    black = torch.tensor([0.4, 0.5, 0.6])[1] / torch.tensor([0.2, 0.3, 0.25])[1]
    torch.testing.assert_close(found[:, :, [0, 2]], pixels[:, :, [0, 2]])
    torch.testing.assert_close(found[:, :, 1], torch.full_like(found[:, :, 1], -float(black)))
    with pytest.raises(MediaError, match=r"expected uint8 \(t, size, size\) or \(t, size, size, 3\)"):
        encoder.collate([same[0][..., :2]])


def test_the_papers_encoder_takes_grey():
    with pytest.raises(EmotionError, match=r"takes grey clips; set face.colour: grey"):
        new_encoder(Face(), size=48, rgb=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layers", "pooling"),
    [("last", "mean_std"), *checkpoints.full(("last", "mean"), (1, "mean"), ("last", "cls"))],
)
def test_equals_the_bare_model_one_clip_at_a_time(every, layers, pooling):
    kind, folder = every
    if pooling == "cls" and kind in ("videomae", "siglip"):
        with pytest.raises(EmotionError, match=rf"pooling is cls, but {kind} has no such token; expected mean or"):
            made(folder, pooling=pooling)
        return
    encoder = made(folder, layers=layers, pooling=pooling)
    assert (encoder.frames, encoder.size) == (VIDEO.get(kind, 5), 16)
    values = [clip[:frames] for clip, frames in zip(clips(3, frames=9, size=12)[0], (9, 5, 2), strict=True)]
    with torch.no_grad():
        expected = torch.stack([naive(kind, folder, clip, layers, pooling) for clip in values])
    torch.testing.assert_close(vectors(encoder, values), expected, atol=1e-5, rtol=1e-5)


def test_batches_change_nothing(checkpoint):
    check_batches(made(checkpoint[1], dim=7), clips(4, frames=6, size=12)[0])


def test_folder_without_the_checkpoint(checkpoint, tmp_path):
    encoder = made(checkpoint[1], dim=5)
    encoder.encoder = "gone"
    values = clips(3, frames=6, size=12)[0]
    check_folder(encoder, values, tmp_path)
    loaded = load_encoder(tmp_path / "one")
    assert (type(loaded), loaded.frames) == (type(encoder), encoder.frames)
    assert torch.equal(vectors(loaded, values), vectors(encoder, values))


def test_pixels_see_light(checkpoint):
    encoder = made(checkpoint[1])
    pixels = encoder.pixels(torch.full((1, 2, 12, 12), 127.5))
    torch.testing.assert_close(pixels[0, 0, :, 3, 3], torch.tensor([0.5, 0.0, -0.4]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("clip", [np.zeros((0, 12, 12), np.uint8), np.zeros((8, 12, 12), np.float32)])
def test_unusable_clips(checkpoint, clip):
    with pytest.raises(MediaError, match=r"expected uint8 \(t, size, size\)"):
        made(checkpoint[1]).collate([clip])


def test_a_processor_that_is_missing_or_broken(tmp_path):
    folder = checkpoints.FACE["vit"](tmp_path)
    path = folder / "preprocessor_config.json"
    large = '{"image_mean": [0, 0, 0], "image_std": [1, 1, 1], "size": 4096}'
    for text in ('{"image_mean": [0.5]', '{"image_mean": [0.5], "image_std": [0.5]}', '{"size": 16}', large, None):
        path.write_text(text) if text else path.unlink()
        with pytest.raises(
            EmotionError, match=r"cannot read its preprocessor_config.json .*must hold config.json, prep"
        ):
            made(folder)
    (folder / "video_preprocessor_config.json").write_text('{"image_mean": [0, 0, 0], "image_std": [1, 1, 1]}')
    assert made(folder).deviation.tolist() == [1, 1, 1]
