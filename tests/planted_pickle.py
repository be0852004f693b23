"""A small feature pickle in the field's layouts."""

import pickle

import numpy as np

DIMS = {"text": 6, "audio": 4, "visual": 3}
DIALOGUES = ("Ses01F_impro01", "Ses01M_impro02", "Ses02F_impro02", "Ses03F_impro03", "Ses04F_impro07", "Ses05F_impro01")


def fields(*, lengths=(5, 3, 4, 6, 2, 4), seed=0, blocks=1, one_hot=False):
    """The tuple's items by name, as a dict that tests can spoil."""
    rng = np.random.default_rng(seed)
    count = dict(zip(DIALOGUES, lengths, strict=True))
    sexes = {name: ["FM"[(turn + len(name)) % 2] for turn in range(n)] for name, n in count.items()}

    def block(dim):
        return {name: list(rng.normal(size=(n, dim)).astype(np.float32)) for name, n in count.items()}

    texts = {f"text {number + 1}" if blocks > 1 else "text": block(DIMS["text"]) for number in range(blocks)}
    return {
        "ids": {name: [f"{name}_{sexes[name][turn]}{turn:03}" for turn in range(n)] for name, n in count.items()},
        "speakers": {name: [[int(s == "F"), int(s == "M")] for s in row] for name, row in sexes.items()}
        if one_hot
        else sexes,
        "labels": {name: rng.integers(0, 6, size=n).tolist() for name, n in count.items()},
        **texts,
        "audio": block(DIMS["audio"]),
        "visual": block(DIMS["visual"]),
        "sentences": {name: [f"well {turn}, yes" for turn in range(n)] for name, n in count.items()},
        "train": set(DIALOGUES[:5]),
        "test": set(DIALOGUES[5:]),
    }


def write(path, found, protocol=2):
    """Store the fields as a tuple."""
    path.write_bytes(pickle.dumps(tuple(found.values()), protocol=protocol))
    return path
