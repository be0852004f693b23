"""One pass over the sound of a recording for all that is wanted of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emotion.conversation.channels import Levels
from emotion.conversation.listen import RATE, Listener, Speech
from emotion.conversation.mfcc import Mfcc
from emotion.core.text import counted
from emotion.media.stream import SoundStream, mono

_SILENCE: Final = 1e-4  # of full scale: nothing louder is in a sound track that holds no sound


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard.

    Attributes:
        seconds: length of the sound.
        speech: regions and words; none without a listener.
        levels: (t, 2) see `Levels`; (0, 2) of one channel.
        coefficients: (t, 13) see `Mfcc`; None = not wanted.
        silent: whether there is no sound at all in it.
        trouble: what is wrong with the file, '' = nothing.
    """

    seconds: float
    speech: Speech
    levels: NDArray[np.float32]
    coefficients: NDArray[np.float32] | None
    silent: bool
    trouble: str


def hear(
    path: Path,
    *,
    listener: Listener | None,
    coefficients: bool,
    progress: Callable[[float, float], None] = lambda done, total: None,
) -> Heard:
    """Listen to a file once, from its beginning to its end.

    Args:
        path: whatever libsndfile or FFmpeg decodes.
        listener: takes the sound as it comes; None = speech is known already.
        coefficients: whether those for the network of active speakers are wanted.
        progress: told every ten seconds of the recording.

    Raises:
        MediaError: no such file, no sound in it, or none that can be decoded; the message begins with the kind of
            problem.
    """
    stream, levels, mfcc = SoundStream(path, rate=RATE), Levels(RATE), Mfcc()
    peak = 0.0
    for block in stream:
        wave = mono(block)
        peak = max(peak, float(np.abs(wave).max(initial=0.0)))
        levels.add(block)
        if coefficients:
            mfcc.add(wave)
        if listener is not None:
            listener.add(wave)
        progress(stream.seconds, stream.promised)
    speech = Speech((), ()) if listener is None else listener.finish()
    trouble = ""
    if stream.cut_short():
        trouble = f"truncated sound: {path} ends at {stream.seconds:.2f} s, its header says {stream.promised:.2f} s"
    elif stream.damaged:
        trouble = f"damaged sound: {path}: {counted(stream.damaged, 'packets')} cannot be decoded"
    made = mfcc.finish() if coefficients else None
    return Heard(stream.seconds, speech, levels.finish(), made, peak < _SILENCE, trouble)
