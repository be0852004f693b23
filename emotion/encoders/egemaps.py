"""eGeMAPS (Eyben et al., 2016): 88 statistics of pitch, loudness, spectrum and voice quality, by openSMILE.

Nothing is learned. openSMILE is free for research and teaching, not for products: see the licence of audEERING.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from emotion.core.errors import EmotionError
from emotion.encoders.audio import check_waves
from emotion.encoders.base import Encoder

_SHORTEST = 0.1  # s; of less openSMILE makes no statistics: silence is added
_NAMES = "functionals.json"


class EGeMAPS(Encoder):
    """Waveform to the 88 functionals of eGeMAPS v02.

    Args:
        rate: sampling rate of the waveforms, Hz.
    """

    modality: ClassVar[str] = "audio"
    name: ClassVar[str] = "egemaps"
    libraries: ClassVar[tuple[str, ...]] = ("opensmile",)
    dim = 88

    def __init__(self, *, rate: int = 16000) -> None:
        super().__init__()
        self.rate = rate

    def settings(self) -> dict[str, Any]:
        """See `Encoder.settings`."""
        return {"rate": self.rate}

    @property
    def trains(self) -> bool:
        """See `Encoder.trains`."""
        return False

    def prepare(self, inputs: Sequence[NDArray[np.float32]]) -> None:
        """Raise EmotionError where openSMILE is not installed."""
        _smile()

    def cost(self, item: NDArray[np.float32]) -> int:
        """Samples."""
        return len(item)

    def collate(self, inputs: Sequence[NDArray[np.float32]]) -> dict[str, Tensor]:
        """Waveforms (t_i,) in [-1, 1] -> functionals (b, 88) float32; see `check_waves`."""
        check_waves(inputs)
        least = int(_SHORTEST * self.rate)
        waves = [np.pad(wave, (0, max(0, least - len(wave)))) for wave in inputs]
        rows = [_smile().process_signal(wave, self.rate).to_numpy(dtype=np.float32) for wave in waves]
        return {"functionals": torch.from_numpy(np.concatenate(rows))}

    def forward(self, batch: dict[str, Tensor]) -> Tensor:
        """What `collate` made, (b, 88)."""
        return batch["functionals"]

    def save_extra(self, folder: Path) -> None:
        """Write the names of the functionals, in their order."""
        (folder / _NAMES).write_text(json.dumps(list(_smile().feature_names), indent=0) + "\n", encoding="utf-8")

    def load_extra(self, folder: Path) -> None:
        """Raise EmotionError where openSMILE is not installed."""
        _smile()


@cache
def _smile() -> Any:  # noqa: ANN401 - opensmile is untyped
    try:
        import opensmile
    except ImportError:
        raise EmotionError(
            "audio encoder egemaps needs openSMILE, which is not installed: pip install '.[opensmile]' where the "
            "project is (audEERING's licence: for research, not for products)"
        ) from None
    return opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02, feature_level=opensmile.FeatureLevel.Functionals
    )
