import pytest
import torch
from closure import ROOT
from torch.nn import functional

from emotion.conversation.light_asd import LightAsd, averaged, load
from emotion.core.errors import EmotionError

WEIGHTS = ROOT.parent / "shared" / "data" / "light_asd_talkset.model"


@pytest.fixture(scope="module")
def network():
    """With weights and normalisations drawn at random."""
    torch.manual_seed(0)
    made = LightAsd().eval().requires_grad_(requires_grad=False)
    for name, values in made.state_dict().items():
        if "running_mean" in name or name.endswith("bias"):
            values.normal_(0, 0.1)
        elif ("running_var" in name or ".bn_" in name) and values.is_floating_point():
            values.uniform_(0.5, 1.5)
    return made


def block(weights, x, prefix, first, conv, stride=1):
    """As the paper draws it: convolution, normalisation, ReLU, twice, in two windows."""

    def step(x, name, stride=1):
        weight = weights[f"{prefix}.{name}.weight"]
        norm = [weights[f"{prefix}.bn_{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        x = conv(x, weight, stride=stride, padding=tuple(size // 2 for size in weight.shape[2:]))
        return functional.batch_norm(x, *norm, eps=1e-3).relu()

    return step(sum(step(step(x, f"{first}_{width}", stride), f"t_{width}") for width in (3, 5)), "last")


def naive_faces(weights, faces):
    x = ((faces / 255 - 0.4161) / 0.1688).unsqueeze(1)
    for number in (1, 2, 3):
        stride = (1, 2, 2) if number == 1 else 1
        x = block(weights, x, f"model.visualEncoder.block{number}", "s", functional.conv3d, stride)
        if number < 3:
            x = functional.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
    return x.amax(dim=(3, 4)).transpose(1, 2)


def naive_sound(weights, sound):
    x = sound.transpose(1, 2).unsqueeze(1)
    for number in (1, 2, 3):
        x = block(weights, x, f"model.audioEncoder.block{number}", "m", functional.conv2d)
        if number < 3:
            x = functional.max_pool2d(x, (1, 3), (1, 2), (0, 1))
    return x.mean(dim=2).transpose(1, 2)


@pytest.mark.slow
def test_encoders_are_the_plain_convolutions(network):
    faces, sound = torch.rand(2, 5, 112, 112) * 255, torch.randn(2, 20, 13)
    weights = network.state_dict()
    seen, heard = network.see(faces), network.hear(sound)
    assert seen.shape == heard.shape == (2, 5, 128)
    assert torch.allclose(seen, naive_faces(weights, faces), atol=1e-4)
    assert torch.allclose(heard, naive_sound(weights, sound), atol=1e-4)
    assert torch.equal(network(faces, sound), network.judge(seen, heard))


def test_scores_are_averaged_over_windows(network):
    torch.manual_seed(1)
    seen, heard = torch.randn(2, 7, 128), torch.randn(2, 7, 128)
    whole = network.judge(seen, heard)
    assert torch.allclose(averaged(network, seen, heard, lengths=[7, 50]), whole, atol=1e-6)
    parts = [network.judge(seen[:, at : at + 3], heard[:, at : at + 3]) for at in (0, 3)]
    last = network.judge(seen[:, 4:], heard[:, 4:])[:, 2:]
    cut = torch.cat([*parts, last], dim=1)
    assert torch.allclose(averaged(network, seen, heard, lengths=[3]), cut, atol=1e-6)
    assert torch.allclose(averaged(network, seen, heard, lengths=[3, 9]), (cut + whole) / 2, atol=1e-6)


def test_one_clip_does_not_change_another(network):
    faces, sound = torch.rand(2, 5, 112, 112) * 255, torch.randn(2, 20, 13)
    assert torch.allclose(network(faces, sound)[1], network(faces[1:], sound[1:])[0], atol=1e-5)


def test_about_a_million_parameters_under_the_names_of_the_authors(network):
    assert 1_000_000 < sum(values.numel() for values in network.parameters()) < 1_050_000
    names = set(network.state_dict())
    assert {"model.visualEncoder.block1.s_3.weight", "model.audioEncoder.block3.bn_last.running_var"} <= names
    assert {"model.GRU.gru_backward.weight_hh_l0", "lossAV.FC.weight", "lossV.FC.bias"} <= names


@pytest.mark.slow
def test_what_is_no_file_of_weights_is_named(tmp_path, network):
    torch.save(network.state_dict(), tmp_path / "good.model")
    assert torch.equal(load(tmp_path / "good.model").lossAV["FC"].weight, network.lossAV["FC"].weight)
    with pytest.raises(EmotionError, match="cannot be read"):
        load(tmp_path / "none.model")
    (tmp_path / "text.model").write_text("no weights")
    torch.save({"lossAV.FC.weight": torch.zeros(2, 128)}, tmp_path / "other.model")
    torch.save(torch.nn.Linear(1, 1), tmp_path / "code.model")
    for name in ("text.model", "other.model", "code.model"):
        with pytest.raises(EmotionError, match=f"{name}: not the weights of Light-ASD") as caught:
            load(tmp_path / name)
        assert "\n" not in str(caught.value)


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="the authors' weights are not here")
def test_the_authors_weights_fit():
    network = load(WEIGHTS)
    weights = torch.load(WEIGHTS, map_location="cpu", weights_only=True)
    assert {name: tuple(values.shape) for name, values in network.state_dict().items()} == {
        name: tuple(values.shape) for name, values in weights.items()
    }
