"""Pictures of what the caches hold: strips of face clips, how much of them shows a face, maps of the features."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from emotion.core.errors import EmotionError, MediaError
from emotion.corpus.utterance import Index
from emotion.media.clips import read_clip
from emotion.page.packing import places
from emotion.store.cache import Cache

FRAMES = 8
_QUALITY = 60
_SHOWN = 3  # strips of each speaker in the view of faces
_WIDE = 1500  # features from which on the map's axes are estimated, not solved


class Strips:
    """Face strips of a run: eight frames side by side, JPEG.

    Args:
        path: the cache of face clips.
        index: the index that the cache must belong to.

    Attributes:
        size: px, side of a frame.
    """

    def __init__(self, path: Path, index: Index) -> None:
        self._cache = Cache(path)
        if self._cache.attributes.get("index") != index.digest or len(self._cache.shape) not in (2, 3):
            self.close()
            raise EmotionError(f"{path}: face clips of another index; extract again: dvc repro faces")
        self.size = int(self._cache.shape[0])

    def close(self) -> None:
        """Close the file."""
        self._cache.close()

    def jpeg(self, utterance: str) -> bytes | None:
        """The strip; None where there is no clip."""
        try:
            clip = read_clip(self._cache, utterance, frames=FRAMES)
        except MediaError:
            return None
        strip = np.ascontiguousarray(np.concatenate(list(clip), axis=1))  # (size, 8 * size[, 3])
        strip = strip if strip.ndim == 2 else cv2.cvtColor(strip, cv2.COLOR_RGB2BGR)
        good, encoded = cv2.imencode(".jpg", strip, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
        return bytes(encoded) if good else None

    def by_speaker(self, index: Index, speakers: Mapping[str, int]) -> list[dict[str, Any]]:
        """Per speaker the share of the clips' frames that show the face, the least first, and rows to look at."""
        frames, unseen = np.diff(self._cache.offsets), self._cache.notes
        found: dict[str, list[tuple[float, int, int, int]]] = {}
        for row, utterance in enumerate(index.utterances):
            place = self._cache.row(utterance.utterance)
            count, blind = int(frames[place]), _whole(unseen[place].get("unseen"))
            share = (count - blind) / count if count else 2.0  # without a clip there is nothing to show
            found.setdefault(utterance.speaker, []).append((share, row, count, blind))
        lines = []
        for name, about in found.items():
            total, blind = sum(count for _, _, count, _ in about), sum(blind for *_, blind in about)
            worst = [row for share, row, *_ in sorted(about) if share <= 1][:_SHOWN]
            coverage = round((total - blind) / total, 4) if total else 0.0
            lines.append({"speaker": speakers[name], "utterances": len(about), "coverage": coverage, "rows": worst})
        return sorted(lines, key=lambda line: (line["coverage"], line["speaker"]))


def data_uri(content: bytes, kind: str) -> str:
    """Content inside a page, e.g. of kind image/jpeg."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def feature_map(values: NDArray[np.float32], present: NDArray[np.bool_], *, encoder: str) -> dict[str, Any] | None:
    """Two main axes of a modality's features; None where there are fewer than three utterances.

    Args:
        values: (n, d), standardised.
        present: (n,).
        encoder: its name.
    """
    n, d = values.shape
    if present.sum() < 3 or d < 2:
        return None
    solver = "covariance_eigh" if d <= _WIDE else "randomized"
    pca = PCA(n_components=2, svd_solver=solver, random_state=0)  # turns signs in one way, always
    xy = np.zeros((n, 2))
    xy[present] = pca.fit_transform(values[present].astype(np.float64))
    explained = [round(float(share), 4) for share in np.nan_to_num(pca.explained_variance_ratio_)]
    return {"xy": places(xy, present), "explained": explained, "encoder": encoder}


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0
