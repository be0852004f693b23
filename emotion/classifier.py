"""A trained classifier on disk: `model.safetensors`, `settings.json` and `probabilities.csv` in one folder."""

import csv
import io
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn

from emotion.files import writing
from emotion.sequences import Scaling, Sequences

Scored = Sequence[tuple[Sequences, Tensor]]


def save(
    out: Path, module: nn.Module, *, settings: Mapping[str, Any], scaling: Mapping[str, Scaling], scored: Scored
) -> None:
    """Fill a folder beside `out`, then put it in place: it appears complete or not at all.

    Args:
        out: the folder.
        module: the trained model.
        settings: what `registry.build` needs to make it again, and `labels`, the names of the classes.
        scaling: per modality, what its features were standardised with.
        scored: splits, each with its probabilities (n, classes).

    Raises:
        EmotionError: the folder cannot be written.
    """
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        tensors = {f"model.{name}": value.cpu().contiguous() for name, value in module.state_dict().items()}
        for name, values in scaling.items():
            tensors |= {f"scaling.{name}.mean": values.mean, f"scaling.{name}.std": values.std}
        with writing(partial / "model.safetensors", SafetensorError) as file:
            save_file(tensors, file)
        (partial / "settings.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        (partial / "probabilities.csv").write_text(_table(settings["labels"], scored), encoding="utf-8")
        shutil.rmtree(out, ignore_errors=True)
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _table(labels: Sequence[str], scored: Scored) -> str:
    """One row per utterance, six decimals."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["utterance", "dialogue", "split", *labels])
    for sequences, probabilities in scored:
        for row, values in zip(sequences.utterances, probabilities.tolist(), strict=True):
            writer.writerow([row.utterance, row.dialogue, row.split, *(f"{value:.6f}" for value in values)])
    return table.getvalue()
