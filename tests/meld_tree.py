"""A tree of files as large as MELD and laid out like it, its known bad clips planted, and the truth about it.

Nothing is taken from MELD but its published counts: names, texts and times are drawn.
"""

import csv
import io
import random
import shutil

import av
import numpy as np

from emotion.corpus.tally import MELD_DIALOGUES, MELD_LABELS

HEADER = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
FILES = {
    "train": ("train", "train_sent_emo.csv", "train_splits"),
    "validation": ("dev", "dev_sent_emo.csv", "dev_splits_complete"),
    "test": ("test", "test_sent_emo.csv", "output_repeated_splits_test"),
}
BAD = {
    "train": {(125, 3): "corrupt", (309, 0): "overlong"},
    "validation": {(110, 7): "missing"},
    "test": {(38, 4): "overlong", (220, 0): "overlong"},
}
# As it stands in the file -> as it was meant.
TEXTS = {
    'Hey, that is "it", isn\'t it?': 'Hey, that is "it", isn\'t it?',
    "Line one,\n  and two": "Line one, and two",
    "Don\x92t \x93you\x94 dare\x85": "Don’t “you” dare…",
    "It was â€œfineâ€\x9d": "It was “fine”",
    "Un café, s'il vous plaît": "Un café, s'il vous plaît",
    "Well.": "Well.",
}
SPEAKERS = ("Anna", "Ben", "Carl", "Dora's aunt", "All")


def write_clip(path, *, seconds=1.2, sound=True):
    """A small H.264 clip with AAC sound: 25 frames/s, grey getting brighter; 440 Hz at 16 kHz."""
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=25)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        waves = container.add_stream("aac", rate=16000, layout="mono") if sound else None
        for number in range(round(seconds * 25)):
            picture = np.full((48, 64, 3), 8 * number % 256, np.uint8)
            container.mux(pictures.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(pictures.encode(None))
        if waves is not None:
            wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * 16000)) / 16000)
            for start in range(0, len(wave), 1024):
                part = wave[None, start : start + 1024].astype(np.float32)
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(part), format="fltp", layout="mono")
                frame.sample_rate, frame.pts = 16000, start
                container.mux(waves.encode(frame))
            container.mux(waves.encode(None))


def stretched(data, seconds):
    """The same clip with a header that says it is much longer."""
    at = data.index(b"mvhd") + 4
    scale = int.from_bytes(data[at + 12 : at + 16])
    return data[: at + 16] + int(seconds * scale).to_bytes(4) + data[at + 20 :]


def plan(share=1.0, seed=0):
    """Split -> rows of (dialogue, utterance, speaker, label, text in the file), in order."""
    rng = random.Random(seed)
    rows = {}
    for split, labels in MELD_LABELS.items():
        pool = [label for label, count in labels.items() for _ in range(max(2, round(count * share)))]
        rng.shuffle(pool)
        count = max(min(MELD_DIALOGUES[split]), 1)
        dialogues = sorted({*rng.sample(range(count), max(3, round(count * share))), *(d for d, _ in BAD[split])})
        cells = set(BAD[split]) | {(dialogue, 0) for dialogue in dialogues}
        while len(cells) < len(pool):
            cells.add((rng.choice(dialogues), rng.randrange(24)))  # with gaps, as in the release
        texts = list(TEXTS)
        rows[split] = [
            (*cell, rng.choice(SPEAKERS), label, rng.choice(texts))
            for cell, label in zip(sorted(cells), pool, strict=False)
        ]
    return rows


def write(root, *, share=1.0, seed=0, clips=True, packed=False):
    """Write the tree; returns `plan`'s rows. `packed` = a folder per split, as the archives unpack them."""
    rows = plan(share, seed)
    root.mkdir(parents=True, exist_ok=True)
    write_clip(root / "clip.mp4")
    data = (root / "clip.mp4").read_bytes()
    bad = {"corrupt": data[: data.index(b"moov") - 4], "overlong": stretched(data, 305)}
    for split, (name, table, folder) in FILES.items():
        home = root / name if packed else root
        home.mkdir(exist_ok=True)
        (home / table).write_bytes(content(rows[split], seed))
        if not clips:
            continue
        (home / folder).mkdir()
        for dialogue, number, *_ in rows[split]:
            path = home / folder / f"dia{dialogue}_utt{number}.mp4"
            kind = BAD[split].get((dialogue, number))
            if kind in bad:
                path.write_bytes(bad[kind])
            elif kind is None:
                path.hardlink_to(root / "clip.mp4")
        (home / folder / "._dia0_utt0.mp4").write_bytes(b"\x00\x05\x16\x07")
        shutil.copy(root / "clip.mp4", home / folder / "final_videos_dia0_utt0.mp4")
    (root / "clip.mp4").unlink()
    return rows


def content(rows, seed):
    """Bytes of a CSV file as MELD's are: some cp1252 characters as controls in UTF-8, some as bare bytes."""
    table = io.StringIO()
    table.write(HEADER + "\n")
    writer = csv.writer(table, lineterminator="\n")
    for line, (dialogue, number, speaker, label, text) in enumerate(rows, start=1):
        start = f"00:{line % 60:02d}:16,059"
        end = f"00:{line % 60:02d}:18,{500 + line % 500}"
        writer.writerow([line, text, speaker, label, "neutral", dialogue, number, 8, 21, start, end])
    data = table.getvalue().encode()
    return data.replace("\x92".encode(), b"\x92") if seed % 2 else data
