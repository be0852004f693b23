"""Raters for a planted corpus: three of each utterance, who mostly agree; some utterances lose their class."""

import csv

import numpy as np

WORDS = {"happy": "Happiness", "sad": "Sadness", "angry": "Anger", "frustrated": "Frustration"}
HEAD = ("utterance", "rater", "labels", "valence", "activation", "dominance")


def ballots(rows, labels, *, seed=0):
    """Utterance -> three raters' class numbers; the first two agree unless they are all different."""
    rng = np.random.default_rng(seed)
    found = {}
    for row in rows:
        own, others = labels.index(row.label), [number for number in range(len(labels)) if labels[number] != row.label]
        third = own if rng.random() < 0.5 else int(rng.choice(others))
        found[row.utterance] = [own, own, third]
        if rng.random() < 0.4:
            found[row.utterance] = [own, *map(int, rng.permutation(others)[:2])]
    return found


def write_votes(path, votes, labels):
    """annotators.csv as the stage `index` writes it, with a self-report that must not count."""
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEAD)
        for utterance, numbers in votes.items():
            for rater, number in enumerate(numbers, start=2):
                out.writerow([utterance, f"E{rater}", WORDS.get(labels[number], labels[number]), "", "", ""])
            out.writerow([utterance, "F1", "Surprise", "", "", ""])


def blank(index_path, names):
    """Take the class of some utterances away, as `index.ambiguous` leaves those without a majority."""
    lines = index_path.read_text().splitlines()
    for place, line in enumerate(lines):
        cells = line.split(",")
        if cells[0] in names:
            lines[place] = ",".join([*cells[:6], "", *cells[7:]])
    index_path.write_text("\n".join(lines) + "\n")


def ambiguous(votes):
    """Those whose raters have no majority."""
    return {name for name, numbers in votes.items() if len(set(numbers)) == len(numbers)}
