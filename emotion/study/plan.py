"""Which runs a study consists of: models, their ablations, folds and seeds."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from emotion.core import plugins
from emotion.core.closure import digest_files, read_code
from emotion.core.errors import EmotionError
from emotion.evaluation.annotators import check_targets, digest_of
from emotion.fusion import dataset, own
from emotion.fusion.models import registry
from emotion.store.cache import Cache
from emotion.study.folds import Fold
from emotion.study.missing import subsets
from emotion.training.device import device

MEMBERS = "members"
TARGET = "target"
ABLATIONS = ("modalities", "attention", "residual", "context", "speakers", MEMBERS, TARGET)
_CODE = (
    *(f"fusion/{name}" for name in ("augment", "batches", "dataset", "logits", "own", "sequences", "settings")),
    *("fusion/threads", "fusion/train"),
    *(f"fusion/models/{name}" for name in ("base", "building", "layers", "registry", "rng")),
    *("evaluation/scores", "store/cache", "study/missing", "study/run"),
    *("training/checkpoint", "training/curve", "training/device", "training/loop", "training/recurrent"),
)


@dataclass(frozen=True)
class Variant:
    """A model, or an ablation of it.

    Attributes:
        name: as it stands in the tables, e.g. `fusion` or `fusion without attention`.
        model: a name of `emotion.fusion.models.registry`, or `plugins/FILE.py:CLASS`.
        full: the name of the whole model's variant.
        modalities: what it is given.
        history: see `emotion.fusion.dataset.load`, as for future.
        future: see there.
        settings: the other arguments of `emotion.fusion.train.fit`.
    """

    name: str
    model: str
    full: str
    modalities: tuple[str, ...]
    history: int | str
    future: int | str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One training: a variant, a fold, a seed; `path` is the file that holds its result once it is finished."""

    variant: Variant
    fold: str
    seed: int
    conditions: bool
    path: Path

    @property
    def epochs(self) -> int:
        """How many it trains."""
        return int(self.variant.settings["epochs"])

    def __str__(self) -> str:
        """Which one, for messages."""
        held_out = f"{self.fold} held out, " if self.fold else ""
        return f"{self.variant.name}, {held_out}seed {self.seed}"


def variants(
    recipes: Mapping[str, Mapping[str, Any]],
    *,
    modalities: Sequence[str],
    ablate: Sequence[str],
    ablated: Sequence[str],
    epochs: int | None,
    length: float,
) -> list[Variant]:
    """The models and their ablations, in the order of the recipes.

    Args:
        recipes: model -> history, future and the arguments of `fit`.
        modalities: all there are.
        ablate: names of `ABLATIONS`.
        ablated: the models to ablate.
        epochs: instead of the recipes' number.
        length: mean utterances of a training dialogue.

    Raises:
        EmotionError: a model or an ablation is unknown, or none of the models has the part.
    """
    for model in recipes:
        own.entry(model)
    _check(recipes, ablate, ablated)
    found = []
    for model, recipe in recipes.items():
        settings = {name: value for name, value in recipe.items() if name not in ("history", "future", "model")}
        if epochs is not None:
            settings["epochs"] = epochs
        full = Variant(model, model, model, tuple(modalities), recipe["history"], recipe["future"], settings)
        found += [full, *(_ablations(full, ablate, length) if model in ablated else [])]
    return found


def _check(recipes: Mapping[str, Mapping[str, Any]], ablate: Sequence[str], ablated: Sequence[str]) -> None:
    """Every ablation is known and possible for one of the models that are ablated."""
    for part in ablate:
        if part not in ABLATIONS:
            raise EmotionError(f"--ablate {part}: expected some of {', '.join(ABLATIONS)}")
    for part in [name for name in ablate if name in (*registry.PARTS, MEMBERS)]:
        having = [model for model in dict.fromkeys([*registry.NAMES, *recipes]) if part in own.entry(model).parts]
        if part == MEMBERS:
            having = [model for model, recipe in recipes.items() if recipe.get(MEMBERS, 1) > 1]
        if not set(having) & set(ablated):
            remedy = f"name a model that has it with --ablate-models: {', '.join(having)}" if having else "leave it out"
            raise EmotionError(f"--ablate {part}: {', '.join(ablated)} has no such part; {remedy}")


def _ablations(full: Variant, ablate: Sequence[str], length: float) -> list[Variant]:
    """The model without one thing each.

    A step of a recipe for whole dialogues takes in so many of them; without context it takes as many utterances.
    """
    found = []
    for part in dict.fromkeys(ablate):
        if part == "modalities":
            for subset in subsets(full.modalities)[:-1]:
                found.append(replace(full, name=f"{full.name} on {'+'.join(subset)}", modalities=subset))
        elif part == "context":
            batch = full.settings["batch"] * (round(length) if full.history == dataset.WHOLE else 1)
            settings = full.settings | {"batch": batch}
            found.append(replace(full, name=f"{full.name} without context", history=0, future=0, settings=settings))
        elif part == TARGET:
            other = "majority" if full.settings.get(TARGET) == "votes" else "votes"
            settings = full.settings | {TARGET: other}
            found.append(replace(full, name=f"{full.name} trained on {other}", settings=settings))
        elif part == MEMBERS and full.settings.get(MEMBERS, 1) > 1:
            found.append(replace(full, name=f"{full.name} with one member", settings=full.settings | {MEMBERS: 1}))
        elif part in own.entry(full.model).parts:
            found.append(replace(full, name=f"{full.name} without {part}", settings=full.settings | {part: False}))
    return found


def runs(
    plan: Sequence[Variant],
    folds: Sequence[Fold],
    *,
    seeds: int,
    features: Mapping[str, Path],
    conditions: bool,
    folder: Path,
    own: Mapping[str, Sequence[Variant]] | None = None,
) -> list[Run]:
    """Every training of the study; the file's name holds a digest of all that its result depends on.

    Args:
        plan: from `variants`.
        folds: of the protocol.
        seeds: how many, 1, 2, ...
        features: modality -> cache.
        conditions: whether the runs are scored with modalities missing too.
        folder: for the files.
        own: fold -> its own settings of the same variants; None = all folds have those of the plan.

    Raises:
        EmotionError: one trains on votes, and there are none.
    """
    checksum = lru_cache(_checksum)
    indices = {fold.name: hashlib.sha256(repr(fold.index).encode()).hexdigest() for fold in folds}
    found = []
    for place, usual in enumerate(plan):
        asked = conditions and usual.name == usual.full
        for fold in folds:
            variant = own[fold.name][place] if own else usual
            known: dict[str, Any] = {"variant": asdict(variant), "conditions": asked}
            known |= {"code": code_digest(variant.model), "torch": str(torch.__version__), "device": device().type}
            paths = {name: fold.features.get(name, features[name]) for name in variant.modalities}
            known |= {"fold": fold.name, "index": indices[fold.name]}
            known |= {"features": {name: checksum(path) for name, path in paths.items()}}
            if variant.settings.get("target") == "votes":
                check_targets(fold.votes, fold.index)
                known["votes"] = digest_of(fold.votes)
            for seed in range(1, seeds + 1):
                about = json.dumps(known | {"seed": seed}, sort_keys=True)
                digest = hashlib.sha256(about.encode()).hexdigest()[:16]
                words = [re.sub(r"\W+", "_", variant.name), *([fold.name] if fold.name else []), f"seed{seed}", digest]
                found.append(Run(variant, fold.name, seed, asked, folder / f"{'-'.join(words)}.npz"))
    return found


def _checksum(path: Path) -> str:
    with Cache(path) as cache:
        return str(cache.attributes.get("checksum"))


@lru_cache
def code_digest(model: str, root: Path = Path(__file__).parent.parent) -> str:
    """Of the code that the result of a model's run depends on; comments, docstrings and layout do not count.

    Args:
        model: a name of `emotion.fusion.models.registry`, or `plugins/FILE.py:CLASS`; the code of other models does
            not count.
        root: the folder of the package.
    """
    digest = hashlib.sha256()
    ours = registry.MODELS[model].place.partition(":")[0] if model in registry.MODELS else ""
    for name in (*_CODE, *([f"fusion/models/{ours}"] if ours else [])):
        digest.update(read_code(root / f"{name}.py").digest.encode())
    if not ours:
        digest.update(digest_files(plugins.files(model), root=plugins.project()).encode())
    return digest.hexdigest()
