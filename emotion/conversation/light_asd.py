"""Light-ASD: does the face that moves like this say what is heard?

Liao, Duan, Feng, Zhao, Yang and Chen (2023), "A light weight model for active speaker detection". About 1 million
parameters; the names are those of the authors' files of weights. For use only, not for training.

    faces  (b, t, 112, 112)   25/s    3 blocks of split convolutions, maximum over the picture     (b, t, 128)
    sound  (b, 4 t, 13)      100/s    3 blocks of split convolutions, mean over the coefficients   (b, t, 128)
    both   added              25/s    a GRU over time, one back, a linear layer                    (b, t)

Every block looks through two windows, 3 and 5 wide. In each it goes over space first (over the coefficients of the
sound) and then over time, which takes a fraction of the multiplications of a full convolution.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from emotion.core.errors import EmotionError, cannot
from emotion.core.text import shortened

SIDE: Final = 112  # px, of the face's square
FPS: Final = 25  # of the faces
RATIO: Final = 4  # frames of the sound per picture

_WIDTHS: Final = ((1, 32), (32, 64), (64, 128))  # channels in and out of the three blocks
_DEPTH: Final = 128
_WINDOWS: Final = (3, 5)
_GREY: Final = (0.4161, 0.1688)  # mean and deviation of the training faces, in parts of white
_EPS: Final = 1e-3  # of the normalisations


class LightAsd(nn.Module):
    """The network, to be filled by `load`."""

    def __init__(self) -> None:
        super().__init__()
        self.model = nn.ModuleDict({"visualEncoder": _Faces(), "audioEncoder": _Sound(), "GRU": _Gru()})
        self.lossAV = nn.ModuleDict({"FC": nn.Linear(_DEPTH, 2)})
        self.lossV = nn.ModuleDict({"FC": nn.Linear(_DEPTH, 2)})  # from the face alone; a help in training

    def forward(self, faces: Tensor, sound: Tensor) -> Tensor:
        """Score of each picture of a clip; above 0 = talking.

        Args:
            faces: (b, t, 112, 112) grey, 0 to 255.
            sound: (b, 4 t, 13).

        Returns:
            (b, t).
        """
        return self.judge(self.see(faces), self.hear(sound))

    def see(self, faces: Tensor) -> Tensor:
        """(b, t, 112, 112) grey, 0 to 255 -> (b, t, 128)."""
        seen: Tensor = self.model["visualEncoder"](faces)
        return seen

    def hear(self, sound: Tensor) -> Tensor:
        """(b, 4 t, 13) -> (b, t, 128)."""
        heard: Tensor = self.model["audioEncoder"](sound)
        return heard

    def judge(self, seen: Tensor, heard: Tensor) -> Tensor:
        """Twice (b, t, 128) -> (b, t)."""
        scores: Tensor = self.lossAV["FC"](self.model["GRU"](seen + heard))[..., 1]
        return scores


def load(path: Path) -> LightAsd:
    """The network with the weights of a file of the authors'.

    Raises:
        EmotionError: no such file, or other weights; nothing of the file is run.
    """
    network = LightAsd()
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
        network.load_state_dict(weights)
    except OSError as error:
        raise cannot("be read", path, error) from None
    except Exception as error:  # whatever torch says of a file that is none of its own
        told = " ".join(str(error).split())
        why = "no file of PyTorch's weights" if "Weights only" in told else shortened(told, most=80)
        raise EmotionError(
            f"{path}: not the weights of Light-ASD ({why}); expected its authors' file; get it with "
            "emotion fetch light-asd"
        ) from None
    return network.eval().requires_grad_(requires_grad=False)


class _Block(nn.Module):
    """Split convolutions through two windows, added and mixed; each is normalised, then negative values are cut.

    Args:
        names: of the two convolutions, before the window's width.
        conv: of which kind they are, and the normalisation that fits.
        kernels: from a window's width to the kernels of the two.
        channels: in, out.
    """

    def __init__(
        self,
        names: tuple[str, str],
        conv: tuple[Callable[..., nn.Module], Callable[..., nn.Module]],
        *,
        kernels: Callable[[int], tuple[tuple[int, ...], tuple[int, ...]]],
        channels: tuple[int, int],
    ) -> None:
        super().__init__()
        make, norm = conv
        sizes = [(f"{names[at]}_{width}", kernels(width)[at], channels[at]) for width in _WINDOWS for at in (0, 1)]
        for name, kernel, inner in (*sizes, ("last", 1, channels[1])):
            self.add_module(name, make(inner, channels[1], kernel, bias=False))
            self.add_module(f"bn_{name}", norm(channels[1], eps=_EPS))

    def folded(self, name: str, shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
        """Kernel of a convolution, seen with two dimensions, and bias; the normalisation is multiplied into them."""
        kernel, values = self.get_parameter(f"{name}.weight"), dict(self.get_submodule(f"bn_{name}").named_buffers())
        scale = self.get_parameter(f"bn_{name}.weight") * torch.rsqrt(values["running_var"] + _EPS)
        folded = (kernel * scale.view(-1, *[1] * (kernel.ndim - 1))).reshape(*kernel.shape[:2], *shape)
        bias = self.get_parameter(f"bn_{name}.bias") - values["running_mean"] * scale
        return folded.contiguous(memory_format=torch.channels_last), bias


class _Faces(nn.Module):
    """(b, t, side, side) -> (b, t, 128), picture by picture and then over time, with two dimensions each.

    The memory holds the channels of a pixel side by side. So what is (t, c, h, w) for a picture's convolution is
    (1, c, t, h w) for that over time without being moved: five times as fast as three dimensions.
    """

    def __init__(self) -> None:
        super().__init__()
        for number, channels in enumerate(_WIDTHS, start=1):
            block = _Block(
                ("s", "t"),
                (nn.Conv3d, nn.BatchNorm3d),
                kernels=lambda width: ((1, width, width), (width, 1, 1)),
                channels=channels,
            )
            self.add_module(f"block{number}", block)

    def forward(self, faces: Tensor) -> Tensor:
        return torch.stack([self._of(clip) for clip in faces])

    def _of(self, clip: Tensor) -> Tensor:
        """(t, side, side) -> (t, 128)."""
        mean, deviation = _GREY
        x = ((clip / 255 - mean) / deviation).unsqueeze(1)  # (t, 1, side, side)
        for number in range(1, len(_WIDTHS) + 1):
            block = self.get_submodule(f"block{number}")
            assert isinstance(block, _Block)
            stride = 2 if number == 1 else 1
            narrow, wide = (self._through(block, x, width, stride=stride) for width in _WINDOWS)
            x = narrow.add_(wide)
            x = functional.conv2d(x, *block.folded("last", (1, 1))).relu_()
            if number < len(_WIDTHS):
                x = functional.max_pool2d(x, 3, stride=2, padding=1)
        return x.amax(dim=(2, 3))

    @staticmethod
    def _through(block: _Block, x: Tensor, width: int, *, stride: int) -> Tensor:
        """(t, c, h, w) through one window."""
        kernel = block.folded(f"s_{width}", (width, width))
        x = functional.conv2d(x, *kernel, stride=stride, padding=width // 2).relu_()
        height, side = x.shape[2:]
        x = x.permute(0, 2, 3, 1).flatten(1, 2).permute(2, 0, 1).unsqueeze(0)  # (1, c, t, h w)
        x = functional.conv2d(x, *block.folded(f"t_{width}", (width, 1)), padding=(width // 2, 0)).relu_()
        return x[0].permute(1, 2, 0).reshape(-1, height, side, x.shape[1]).permute(0, 3, 1, 2)  # (t, c, h, w)


class _Sound(nn.Module):
    """(b, 4 t, 13) -> (b, t, 128)."""

    def __init__(self) -> None:
        super().__init__()
        for number, channels in enumerate(_WIDTHS, start=1):
            block = _Block(
                ("m", "t"),
                (nn.Conv2d, nn.BatchNorm2d),
                kernels=lambda width: ((width, 1), (1, width)),
                channels=channels,
            )
            self.add_module(f"block{number}", block)

    def forward(self, sound: Tensor) -> Tensor:
        x = sound.transpose(1, 2).unsqueeze(1)  # (b, 1, 13, 4 t)
        for number in range(1, len(_WIDTHS) + 1):
            block = self.get_submodule(f"block{number}")
            assert isinstance(block, _Block)
            narrow, wide = (self._through(block, x, width) for width in _WINDOWS)
            x = narrow.add_(wide)
            x = functional.conv2d(x, *block.folded("last", (1, 1))).relu_()
            if number < len(_WIDTHS):
                x = functional.max_pool2d(x, (1, 3), stride=(1, 2), padding=(0, 1))  # halves the time
        return x.mean(dim=2).transpose(1, 2)

    @staticmethod
    def _through(block: _Block, x: Tensor, width: int) -> Tensor:
        x = functional.conv2d(x, *block.folded(f"m_{width}", (width, 1)), padding=(width // 2, 0)).relu_()
        return functional.conv2d(x, *block.folded(f"t_{width}", (1, width)), padding=(0, width // 2)).relu_()


class _Gru(nn.Module):
    """One over time, and one back over what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.gru_forward = nn.GRU(_DEPTH, _DEPTH, batch_first=True)
        self.gru_backward = nn.GRU(_DEPTH, _DEPTH, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.gelu(self.gru_forward(x)[0])
        back: Tensor = functional.gelu(self.gru_backward(x.flip(1))[0])
        return back.flip(1)


def averaged(network: LightAsd, seen: Tensor, heard: Tensor, *, lengths: Sequence[int]) -> Tensor:
    """Score of each picture, the mean over cuts of the clip into windows of several lengths.

    The GRUs were trained on short clips; over a long one they drift.

    Args:
        network: filled.
        seen: (b, t, 128).
        heard: (b, t, 128).
        lengths: pictures in a window.

    Returns:
        (b, t).
    """
    t = seen.shape[1]
    total = torch.zeros(seen.shape[:2])
    used = sorted({min(length, t) for length in lengths})
    for length in used:
        whole = t // length * length
        cut = (x[:, :whole].reshape(-1, length, _DEPTH) for x in (seen, heard))
        scores = [network.judge(*cut).reshape(len(seen), whole)]
        if whole < t:  # the last window ends with the clip, and only what no other has seen is taken of it
            scores.append(network.judge(seen[:, t - length :], heard[:, t - length :])[:, whole - t :])
        total += torch.cat(scores, dim=1)
    return total / len(used)
