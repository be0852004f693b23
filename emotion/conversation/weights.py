"""Weights of others that help to hear and see who speaks; a user fetches them, nothing else does."""

from pathlib import Path
from typing import Final

from emotion.core.assets import HUB, Asset, File

_TALKSET: Final = "finetuning_TalkSet.model"
LIGHT_ASD: Final = Asset(
    name="light-asd",
    what="Light-ASD's weights",
    origin="github.com/Junhua-Liao/Light-ASD",
    files={_TALKSET: File(4_175_289, "efc375833887eefa9d209dc92810e18519b04c3c73ea35a549f2a7f40b7d94d5")},
    places=("https://raw.githubusercontent.com/Junhua-Liao/Light-ASD/ed38c232de5efe0261dbd68627c0ade7cdfe14eb/weight",),
)
TINY: Final = "tiny.en"  # the name by which faster-whisper knows it
ASR_TINY: Final = Asset(
    name="asr-tiny",
    what=f"The weights of Whisper {TINY}",
    origin="huggingface.co/Systran/faster-whisper-tiny.en",
    files={
        "config.json": File(2_317, "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
        "model.bin": File(75_537_502, "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
        "tokenizer.json": File(2_128_466, "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
        "vocabulary.txt": File(422_309, "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
    },
    places=(f"{HUB}Systran/faster-whisper-tiny.en@0d3d19a32d3338f10357c0889762bd8d64bbdeba",),
)


def light_asd() -> Path | None:
    """Light-ASD's weights where the user has fetched them, checked; None where not.

    Raises:
        EmotionError: they are damaged.
    """
    return LIGHT_ASD.installed() / _TALKSET if LIGHT_ASD.is_here() else None


def recogniser(name: str) -> str:
    """The folder of a recogniser of this name where the user has fetched it, checked; else the name.

    Raises:
        EmotionError: its files are damaged.
    """
    return str(ASR_TINY.installed()) if name == TINY and ASR_TINY.is_here() else name
