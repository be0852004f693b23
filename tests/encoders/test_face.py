import numpy as np
import pytest
import torch
from encoders.planted import check_augment, check_batches, check_folder, clips, learn

from emotion.core.errors import MediaError
from emotion.encoders.face import Block, FaceEncoder, channels


def small(**options) -> FaceEncoder:
    return FaceEncoder(**{"dim": 10, "frames": 8, "size": 16, "width": 4} | options)


def naive_block(block: Block, x: np.ndarray) -> np.ndarray:
    """x (c, t, h, w) -> convolution, normalisation, ReLU, pooling with loops over the output."""
    kernel = block.convolution.weight.detach().numpy()
    stride = block.convolution.stride[1]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (1, 1)))
    t, h, w = x.shape[1], (x.shape[2] - 1) // stride + 1, (x.shape[3] - 1) // stride + 1
    made = np.zeros((len(kernel), t, h, w))
    for frame, row, column in np.ndindex(t, h, w):
        part = padded[:, frame : frame + 3, stride * row : stride * row + 3, stride * column : stride * column + 3]
        made[:, frame, row, column] = (kernel * part).sum(axis=(1, 2, 3, 4))
    norm = block.norm
    scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().numpy()
    shift = norm.bias.detach().numpy() - norm.running_mean.numpy() * scale
    made = np.maximum(made * scale[:, None, None, None] + shift[:, None, None, None], 0)
    step = 2 if block.pool_time else 1
    pooled = np.zeros((len(kernel), t // step, h // 2, w // 2))
    for frame, row, column in np.ndindex(*pooled.shape[1:]):
        part = made[:, step * frame : step * frame + step, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        pooled[:, frame, row, column] = part.max(axis=(1, 2, 3))
    return pooled


@pytest.mark.parametrize(("frames", "size"), [(8, 16), (9, 18)])
def test_equals_a_slow_reference(frames, size):
    torch.manual_seed(0)
    encoder = small(frames=frames, size=size)
    values, _ = clips(3, frames=frames, size=size)
    with torch.no_grad():
        encoder.train()(encoder.collate(values))  # running statistics other than 0 and 1
        encoder.eval()
        x = channels(torch.from_numpy(values[0]).float()[None])[0].numpy()
        for block in encoder.blocks:
            x = naive_block(block, x)
        expected = np.maximum(encoder.connected.weight.numpy() @ x.reshape(-1) + encoder.connected.bias.numpy(), 0)
        np.testing.assert_allclose(encoder(encoder.collate(values))[0].numpy(), expected, atol=1e-5)


def test_channels_are_blind_to_light_and_skin():
    values = torch.from_numpy(clips(1)[0][0]).float()[None]
    torch.testing.assert_close(channels(values * 0.5 + 30), channels(values), atol=0.1, rtol=0)
    picture, change, _ = channels(values)[0]
    assert picture.mean().abs() < 1e-5
    assert not change[0].any()
    torch.testing.assert_close(change[3], 3 * (picture[3] - picture[2]))


def test_batches_change_nothing():
    torch.manual_seed(0)
    check_batches(small(), clips(5)[0])


def test_folder(tmp_path):
    torch.manual_seed(0)
    encoder = small()
    values, _ = clips(4)
    encoder.train()(encoder.collate(values))
    check_folder(encoder, values, tmp_path)


@pytest.mark.slow
def test_learns_motion_and_twice_the_same():
    encoder, history = learn(small, clips, epochs=6)
    assert max(line.validation_weighted_f1 for line in history) > 0.9
    again, other = learn(small, clips, epochs=6)
    assert history == other
    assert all(
        torch.equal(a, b) for a, b in zip(encoder.state_dict().values(), again.state_dict().values(), strict=True)
    )


def test_augment():
    check_augment(small(), clips(4)[0])


@pytest.mark.parametrize("clip", [np.zeros((7, 16, 16), np.uint8), np.zeros((8, 16, 16), np.float32)])
def test_unusable_clips(clip):
    with pytest.raises(MediaError, match=r"expected uint8 of shape \(8, 16, 16\)"):
        small().collate([clip])
