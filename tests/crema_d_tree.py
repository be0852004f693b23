"""A tree of files laid out like CREMA-D's repository, what may be wrong in it planted, and the truth about it.

Nothing is taken from CREMA-D but its names: votes and actors are drawn.
"""

import csv
import random

import av
import cv2
import numpy as np
import soundfile
from drawn_face import draw_face

HEADER = ("", "A", "D", "F", "H", "N", "S", "fileName", "numResponses", "agreement", "emoVote")
CODES = dict(zip("ADFHNS", ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD"), strict=True))
LABELS = dict(zip("ADFHNS", ("anger", "disgust", "fear", "happy", "neutral", "sad"), strict=True))
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 265922\n"
KINDS = {"1": "voice", "2": "face", "3": "E"}


def names(actors, sentences=("DFA", "IEO")):
    """Of the clips: each actor says each sentence with each emotion."""
    return [
        f"{1001 + actor}_{sentence}_{code}_{'HI' if sentence == 'IEO' and code != 'NEU' else 'XX'}"
        for actor in range(actors)
        for sentence in sentences
        for code in CODES.values()
    ]


def write_picture(path, *, seconds=0.8, fps=10):
    """A small Flash film of a drawn face, silent."""
    picture = cv2.cvtColor(draw_face(96)[0], cv2.COLOR_GRAY2BGR)
    with av.open(str(path), "w", format="flv") as container:
        stream = container.add_stream("flv1", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 96, 96, "yuv420p"
        for _ in range(round(seconds * fps)):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())


def votes(clips, seed=0):
    """Kind, clip -> how many raters say which letter; some have no majority."""
    rng = random.Random(seed)
    found = {}
    for kind in KINDS:
        for clip in clips:
            found[kind, clip] = dict.fromkeys(CODES, 0)
            for _ in range(rng.choice((2, 9, 10))):
                found[kind, clip][rng.choice("AADFHNS")] += 1
    return found


def write(root, *, actors=3, media=True):
    """Write the tree; returns the clips' names and their votes."""
    clips = names(actors)
    counts = votes(clips)
    for folder in ("AudioWAV", "VideoFlash", "AudioMP3", "processedResults"):
        (root / folder).mkdir(parents=True)
    with (root / "processedResults" / "tabulatedVotes.csv").open("w", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
        writer.writerow(HEADER)
        for number, ((kind, clip), found) in enumerate(counts.items(), start=1):
            most = [letter for letter in found if found[letter] == max(found.values())]
            share = max(found.values()) / sum(found.values())
            place = f"{kind}{number:05d}"
            writer.writerow((place, *found.values(), clip, sum(found.values()), share, ":".join(most)))
    lines = ['"ActorID","Age","Sex","Race","Ethnicity"']
    lines += [f'{1001 + n},{20 + n},"{("Male", "Female")[n % 2]}","Unknown","Not Hispanic"' for n in range(actors)]
    (root / "VideoDemographics.csv").write_text("\n".join(lines) + "\n")
    if media:
        wave = 0.3 * np.sin(np.arange(20480) / 20)
        soundfile.write(root / "clip.wav", wave.astype(np.float32), 16000, subtype="PCM_16")
        write_picture(root / "clip.flv")
    for clip in clips:
        for folder, suffix in (("AudioWAV", "wav"), ("VideoFlash", "flv")):
            place = root / folder / f"{clip}.{suffix}"
            if media:
                place.hardlink_to(root / f"clip.{suffix}")
            else:
                place.write_text(POINTER.format(digest="0" * 64))
    for path in root.glob("clip.*"):
        path.unlink()
    return clips, counts


def replace(path, content):
    """A file of its own in the place of a link."""
    path.unlink()
    path.write_bytes(content)
