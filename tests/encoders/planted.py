"""Tiny encoders' inputs with a planted truth, and the checks that every encoder must pass."""

import copy

import numpy as np
import torch

from emotion.encoders import fit as fitting
from emotion.encoders.settings import Fit
from emotion.training import device

WORDS = ("good", "bad")


def waves(count: int, *, seed: int = 0) -> tuple[list[np.ndarray], list[int]]:
    """Low tones are class 0, high tones class 1; phase, level and length are random."""
    rng = np.random.default_rng(seed)
    values, labels = [], []
    for number in range(count):
        label = number % 2
        time = np.arange(int(rng.integers(1500, 4000))) / 16000
        tone = np.sin(2 * np.pi * (300 + 2500 * label) * time + rng.uniform(0, 6))
        values.append((rng.uniform(0.1, 0.5) * tone + 0.01 * rng.standard_normal(len(time))).astype(np.float32))
        labels.append(label)
    return values, labels


def clips(count: int, *, frames: int = 8, size: int = 16, seed: int = 0) -> tuple[list[np.ndarray], list[int]]:
    """A bright bar that keeps still (class 0) or goes to and fro (class 1); no single frame tells them apart."""
    rng = np.random.default_rng(seed)
    values, labels = [], []
    for number in range(count):
        label = number % 2
        clip = rng.normal(90, 5, (frames, size, size))
        place = rng.integers(4, size - 5)
        for frame in range(frames):
            column = place + label * (2 if frame % 2 else -2)
            clip[frame, :, column : column + 3] += 100
        values.append(clip.clip(0, 255).astype(np.uint8))
        labels.append(label)
    return values, labels


def texts(count: int, *, seed: int = 0) -> tuple[list[str], list[int]]:
    """Random words around the one that tells."""
    rng = np.random.default_rng(seed)
    values, labels = [], []
    for number in range(count):
        words = list(rng.choice(["I", "was", "there", "today", "with", "you"], size=rng.integers(2, 7)))
        words.insert(int(rng.integers(len(words) + 1)), WORDS[number % 2])
        values.append(" ".join(words))
        labels.append(number % 2)
    return values, labels


def section(kind, **values):
    """Settings of an encoder; sizes may be smaller than params.yaml allows."""
    return kind().model_copy(update=values)


def learn(build, data, *, epochs, lr=1e-2, seed=0, count=48):
    """Fit an encoder on planted data; returns it and its curve."""
    device.seed_everything(seed)
    encoder = build()
    inputs, labels = data(count, seed=1)
    encoder.prepare(inputs)
    module = fitting.Classifier(encoder, classes=2)
    settings = Fit(epochs=epochs, lr=lr, weight_decay=0.0, batch=12, seed=seed)
    return encoder, fitting.fit(module, (inputs, labels), data(24, seed=2), settings=settings)


def vectors(encoder, inputs) -> torch.Tensor:
    with torch.no_grad():
        return encoder.eval()(encoder.collate(inputs))


def check_batches(encoder, inputs) -> None:
    """One at a time, all together and in another order give the same vectors."""
    alone = torch.cat([vectors(encoder, [value]) for value in inputs])
    assert alone.shape == (len(inputs), encoder.dim)
    assert alone.std(0).max() > 1e-4, "the vectors do not depend on the inputs"
    torch.testing.assert_close(vectors(encoder, inputs), alone, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(vectors(encoder, inputs[::-1]), alone.flip(0), atol=1e-5, rtol=1e-5)


def check_folder(encoder, inputs, folder) -> None:
    """Saved and loaded it gives the same bits; saved twice, the same bytes."""
    encoder.eval().save(folder / "one")
    loaded = type(encoder).load(folder / "one")
    assert not loaded.training
    assert loaded.settings() == encoder.settings()
    assert torch.equal(vectors(loaded, inputs), vectors(encoder, inputs))
    loaded.save(folder / "two")
    names = sorted(path.relative_to(folder / "one") for path in (folder / "one").rglob("*") if path.is_file())
    assert names == sorted(path.relative_to(folder / "two") for path in (folder / "two").rglob("*") if path.is_file())
    for name in names:
        assert (folder / "one" / name).read_bytes() == (folder / "two" / name).read_bytes(), name


def check_augment(encoder, inputs) -> None:
    """Depends on the generator alone, changes the batch, leaves the original as it was."""
    batch = encoder.collate(inputs)
    before = copy.deepcopy(batch)
    once, again, other = (encoder.augment(batch, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    key = next(iter(batch))
    assert torch.equal(batch[key], before[key])
    assert torch.equal(once[key], again[key])
    assert not torch.equal(once[key], other[key])
    assert once[key].shape == batch[key].shape
    assert encoder(once).shape == (len(inputs), encoder.dim)


def word_groups(line, spans, hidden) -> list[torch.Tensor]:
    """Mean of the tokens of each word that has any; a token belongs to the word of its first letter."""
    groups, place = [], 0
    for word in line.split():
        begin = line.index(word, place)
        place = begin + len(word)
        letters = [start + len(line[start:]) - len(line[start:].lstrip()) for start, _ in spans]
        inside = [number for number, letter in enumerate(letters) if begin <= letter < place]
        groups += [hidden[inside].mean(0)] if inside else []
    return groups
