"""What a training that was killed goes on from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from emotion.core import logs
from emotion.core.files import writing
from emotion.training.curve import Epoch


@dataclass(slots=True)
class Run:
    """What a run has reached: its curve and the weights of its best epoch."""

    history: list[Epoch] = field(default_factory=list)
    best_weights: dict[str, Tensor] = field(default_factory=dict)


def run_key(module: nn.Module, settings: Mapping[str, Any]) -> str:
    """Names the run: its starting weights and settings."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name, value in sorted(module.state_dict().items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def save(
    path: Path, key: str, run: Run, module: nn.Module, optimiser: torch.optim.Optimizer, average: AveragedModel | None
) -> None:
    """Write to a file beside it, then rename: a kill at any moment leaves a whole checkpoint."""
    state = {
        "key": key,
        "history": [asdict(line) for line in run.history],
        "best_weights": run.best_weights,
        "weights": module.state_dict(),
        "optimiser": optimiser.state_dict(),
        "average": average.state_dict() if average is not None else {},
        "rng": torch.get_rng_state(),
        "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    with writing(path, RuntimeError) as partial:
        torch.save(state, partial)


def resume(
    path: Path | None, key: str, module: nn.Module, optimiser: torch.optim.Optimizer, average: AveragedModel | None
) -> Run:
    """Restore weights, optimiser and random state from a checkpoint of the same run; otherwise start afresh."""
    if path is None or not path.is_file():
        return Run()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged scratch file has many faces and only costs the epochs it held
        logs.info(f"{path}: not readable ({type(error).__name__}), training starts from the first epoch")
        return Run()
    if state.get("key") != key:
        return Run()
    module.load_state_dict(state["weights"])
    optimiser.load_state_dict(state["optimiser"])
    if average is not None:
        average.load_state_dict(state["average"])
    torch.set_rng_state(state["rng"])
    if state["cuda_rng"]:
        torch.cuda.set_rng_state_all(state["cuda_rng"])
    where = next(module.parameters()).device
    best = {name: value.to(where) for name, value in state["best_weights"].items()}
    return Run([Epoch(**line) for line in state["history"]], best)
