"""Written English to speech-like sounds: letters and letter groups give formants, noise and relative durations.

The rules are rough on purpose: they need only make different texts sound different, with a syllable for each vowel.
Vowel formants are the male averages of Peterson and Barney (1952), rounded.
"""

import re
import unicodedata
from dataclasses import dataclass, replace

Formants = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Phone:
    """One sound."""

    formants: Formants  # F1, F2 and F3 of a male vocal tract, Hz
    voice: float = 0.0  # level of the voiced source, 0..1 (1 = open vowel)
    breath: float = 0.0  # level of breath noise sent through the formants, 0..1
    noise: float = 0.0  # level of friction noise made in the mouth, 0..1
    centre: float = 4000.0  # where friction noise is strongest, Hz
    length: float = 0.5  # duration relative to a plain vowel
    vowel: bool = False  # whether it carries a syllable


Syllable = tuple[Phone, ...]

_NEUTRAL = (500.0, 1500.0, 2500.0)


def _vowel(f1: float, f2: float, f3: float, length: float = 1.0) -> Phone:
    return Phone((f1, f2, f3), voice=1.0, length=length, vowel=True)


def _sonorant(f1: float, f2: float, f3: float, voice: float = 0.4) -> Phone:
    return Phone((f1, f2, f3), voice=voice, length=0.45)


def _fricative(centre: float, noise: float, voice: float = 0.0) -> Phone:
    return Phone(_NEUTRAL, voice=voice, noise=noise, centre=centre, length=0.6)


def _stop(centre: float, voice: float, f2: float) -> tuple[Phone, Phone]:
    """A closure, almost silent, then a burst of noise at `centre` Hz."""
    closure = Phone((300.0, f2, 2500.0), voice=voice, length=0.35)
    return closure, replace(closure, noise=0.4, centre=centre, length=0.12)


SCHWA = _vowel(*_NEUTRAL, length=0.8)
HUM = replace(_sonorant(250, 1100, 2200), voice=1.0)
SIGH = Phone((560.0, 1250.0, 2400.0), breath=0.35)
PAUSE = Phone(_NEUTRAL)

_EE, _OO, _AH = _vowel(270, 2290, 3010, 1.2), _vowel(300, 870, 2240, 1.2), _vowel(730, 1090, 2440, 1.3)
_A, _E, _I = _vowel(660, 1720, 2410, 1.1), _vowel(530, 1840, 2480), _vowel(390, 1990, 2550, 0.9)
_O, _U, _AW = _vowel(490, 910, 2400, 1.1), _vowel(640, 1190, 2390), _vowel(570, 840, 2410, 1.2)
_ER = _vowel(490, 1350, 1690, 1.1)
_M, _N, _NG = replace(HUM, voice=0.4), _sonorant(280, 1500, 2400), _sonorant(280, 1900, 2600)
_L, _R = _sonorant(360, 1100, 2700, 0.55), _sonorant(330, 1100, 1600, 0.5)
_W, _Y = _sonorant(300, 700, 2200, 0.5), _sonorant(280, 2200, 2950, 0.5)
_S, _SH, _F, _TH = _fricative(5600, 0.4), _fricative(3300, 0.45), _fricative(6200, 0.15), _fricative(6500, 0.1, 0.15)
_Z, _V = _fricative(5600, 0.22, 0.25), _fricative(5500, 0.06, 0.35)
_H = Phone(_NEUTRAL, breath=0.3, length=0.4)
_P, _T, _K = _stop(900, 0.0, 900), _stop(4500, 0.0, 1700), _stop(2000, 0.0, 2000)
_B, _D, _G = _stop(700, 0.12, 900), _stop(4000, 0.12, 1700), _stop(1800, 0.12, 2000)

# Longest first in the pattern below; a diphthong is its first vowel and a glide, so that it stays one syllable.
_SOUNDS: dict[str, tuple[Phone, ...]] = {
    "igh": (_AH, _Y), "tch": (*_T, _SH), "ough": (_AW,), "augh": (_AW,), "tion": (_SH, SCHWA, _N),
    "ee": (_EE,), "ea": (_EE,), "ie": (_EE,), "ei": (_EE,), "ey": (_E, _Y), "ai": (_E, _Y), "ay": (_E, _Y),
    "oo": (_OO,), "ou": (_AH, _W), "ow": (_O, _W), "oa": (_O, _W), "oi": (_O, _Y), "oy": (_O, _Y), "ue": (_OO,),
    "ui": (_OO,), "ew": (_OO,), "au": (_AW,), "aw": (_AW,), "er": (_ER,), "ir": (_ER,), "ur": (_ER,),
    "th": (_TH,), "sh": (_SH,), "ch": (*_T, _SH), "ph": (_F,), "ng": (_NG,), "ck": _K, "wh": (_W,), "kn": (_N,),
    "wr": (_R,), "qu": (*_K, _W), "ce": (_S, _E), "ci": (_S, _I),
    "a": (_A,), "e": (_E,), "i": (_I,), "o": (_O,), "u": (_U,), "y": (_EE,),
    "b": _B, "c": _K, "d": _D, "f": (_F,), "g": _G, "h": (_H,), "j": (*_D, _SH), "k": _K, "l": (_L,), "m": (_M,),
    "n": (_N,), "p": _P, "q": _K, "r": (_R,), "s": (_S,), "t": _T, "v": (_V,), "w": (_W,), "x": (*_K, _S), "z": (_Z,),
}  # fmt: skip
_LETTERS = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_WORDS = re.compile(r"[a-z0-9']+|[,.;:?!]+")
_CONSONANT = "bcdfghjklmnpqrstvwxz"
_SILENT_E = re.compile(rf"(?<=[aeiouy])([{_CONSONANT}]{{1,2}})e(?=s?$)")
_DOUBLED = re.compile(rf"([{_CONSONANT}])\1")


def words(text: str) -> list[str]:
    """Lower-case words and runs of punctuation of `text`, accents removed; anything else is left out."""
    plain = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return _WORDS.findall("".join(c for c in plain if not unicodedata.combining(c)).lower())


def phones(word: str) -> list[Phone]:
    """Sounds of one lower-case word; a word without a vowel letter (`hmm`, `42`) gets a neutral vowel."""
    spelling = re.sub(r"[^a-z]", "", word)
    spelling = _SILENT_E.sub(r"\1", _DOUBLED.sub(r"\1", spelling))
    if re.match("y[aeiou]", spelling):
        sounds = [_Y, *phones(spelling[1:])]
    else:
        sounds = [phone for match in _LETTERS.finditer(spelling) for phone in _SOUNDS[match.group()]]
    return sounds if any(phone.vowel for phone in sounds) else [*sounds, SCHWA]


def syllables(text: str) -> list[Syllable]:
    """Syllables of `text`, each with exactly one vowel; `(PAUSE,)` stands for punctuation between words.

    Consonants go with the vowel after them, the last ones of a word with the vowel before. No words: an empty list.
    """
    out: list[Syllable] = []
    for token in words(text):
        if not re.search("[a-z0-9]", token):
            if out and out[-1] != (PAUSE,):
                out.append((PAUSE,))
            continue
        group: list[Phone] = []
        first = len(out)
        for phone in phones(token):
            group.append(phone)
            if phone.vowel:
                out.append(tuple(group))
                group = []
        if len(out) > first:
            out[-1] = (*out[-1], *group)
    return out[:-1] if out and out[-1] == (PAUSE,) else out
