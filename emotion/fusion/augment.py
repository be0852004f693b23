"""Variations of a training batch: what the model sees of an utterance changes from epoch to epoch."""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from emotion.fusion.models.layers import drop
from emotion.fusion.models.rng import generator
from emotion.fusion.sequences import Batch

VOICE = "audio"
"""The modality that `mixstyle` varies: of IEMOCAP's features, those of the text get worse by it."""
_SMALLEST = 0.1  # variance of a standardised feature; somebody who speaks once has none


@dataclass(frozen=True)
class Variation:
    """Which variations to apply, and how much; with zeros a batch passes through untouched.

    Attributes:
        input_dropout: chance of each input feature to be 0; the others grow to make up for it.
        modality_dropout: chance of each modality of an utterance to be missing; of those that are there one stays.
        mixstyle: chance of each sequence to get other voices, see `mix_voices`.
    """

    input_dropout: float = 0.0
    modality_dropout: float = 0.0
    mixstyle: float = 0.0

    def __call__(self, batch: Batch) -> Batch:
        """A varied copy; the draws come from `rng.generator`."""
        if self.mixstyle > 0 and VOICE in batch.features:
            heard = batch.present[..., list(batch.features).index(VOICE)] & batch.mask
            mixed = mix_voices(batch.features[VOICE], heard, batch.speakers, chance=self.mixstyle)
            batch = replace(batch, features={**batch.features, VOICE: mixed})
        if self.modality_dropout > 0:
            batch = replace(batch, present=drop_modalities(batch.present, self.modality_dropout))
        if self.input_dropout > 0:
            dropped = {
                name: drop(values, self.input_dropout) if values.is_floating_point() else values
                for name, values in batch.features.items()
            }
            batch = replace(batch, features=dropped)
        return batch


def drop_modalities(present: Tensor, chance: float) -> Tensor:
    """Take modalities (b, u, m) away at random, each with a chance; whoever had one before still has one."""
    rank = torch.rand(present.shape, device=present.device, generator=generator())
    kept = present & (rank >= chance)
    # Where nothing would be left, the present modality with the highest draw stays.
    best = rank.masked_fill(~present, -1.0).argmax(-1, keepdim=True)
    spared = torch.zeros_like(present).scatter(-1, best, True) & present
    return kept | (spared & ~kept.any(-1, keepdim=True))


def mix_voices(values: Tensor, heard: Tensor, speakers: Tensor, *, chance: float) -> Tensor:
    """Let speakers sound like others: between their own mean and deviation within a sequence and somebody else's.

    A model then has less to learn from how one of the few training speakers sounds in general. (MixStyle: Zhou et al.,
    "Domain generalization with MixStyle", ICLR 2021; there by picture, here by speaker and sequence.)

    Args:
        values: (b, u, d) standardised features; where nothing is heard they stay.
        heard: (b, u) bool, real utterances that have the modality.
        speakers: (b, u) long.
        chance: of each sequence to be changed; how far is drawn evenly between not at all and wholly.
    """
    places = heard.flatten().nonzero().squeeze(1)
    if len(places) == 0:
        return values
    b, _, d = values.shape
    x = values.where(heard[..., None], 0.0)
    same = ((speakers[:, :, None] == speakers[:, None, :]) & heard[:, None, :]).to(x.dtype)  # (b, u, u)
    share = same / same.sum(-1, keepdim=True).clamp(min=1)
    mean = share @ x  # (b, u, d), of the speaker in this sequence
    deviation = ((share @ x.square() - mean.square()).clamp(min=0) + _SMALLEST).sqrt()
    # Each speaker of a sequence takes after the speaker of an utterance drawn from all sequences here.
    people = int(speakers.max()) + 1
    source: Any = {"device": values.device, "generator": generator()}
    drawn = places[torch.randint(len(places), (b * people,), **source)]
    others = drawn[torch.arange(b, device=values.device)[:, None] * people + speakers]  # (b, u)
    changed = torch.rand(b, 1, 1, **source) < chance
    keep = torch.rand(b, 1, 1, **source).masked_fill(~changed, 1.0)
    new_mean = keep * mean + (1 - keep) * mean.reshape(-1, d)[others]
    new_deviation = keep * deviation + (1 - keep) * deviation.reshape(-1, d)[others]
    mixed: Tensor = (x - mean) / deviation * new_deviation + new_mean
    return mixed.where(heard[..., None] & changed, values)
