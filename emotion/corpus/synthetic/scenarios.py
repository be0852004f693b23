"""Scenarios: what dialogues are about. All sessions have the same ones, as in IEMOCAP; a dialogue's name says which.

A scenario has words of its own and, for each of its two roles, emotions that come more often. Over all dialogues of a
session the emotions are about equally frequent.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from emotion.corpus.synthetic.emotions import EMOTIONS, Mix

SCENES = ("F_impro01", "F_impro02", "F_script02_1", "M_impro01", "M_impro03", "M_script01_1")
"""The dialogues of a session. The letter is that of the actor in the lead."""


@dataclass(frozen=True)
class Scenario:
    """What a dialogue is about."""

    scripted: bool  # whether its lines are the same in all sessions
    lead: Mix  # how often each emotion comes to the actor in the lead
    other: Mix  # the same of the other one
    slots: Mapping[str, tuple[str, ...]]  # the words that fill the slots of its lines


def _scenario(
    *, lead: tuple[int, ...], other: tuple[int, ...], scripted: bool = False, **slots: tuple[str, ...]
) -> Scenario:
    """Lead and other are percentages of `EMOTIONS`."""
    here, there = ({name: share / 100 for name, share in zip(EMOTIONS, mix, strict=True)} for mix in (lead, other))
    return Scenario(scripted, here, there, slots)


SCENARIOS: Mapping[str, Scenario] = {
    "impro01": _scenario(  # papers are lost in an office
        lead=(4, 8, 6, 30, 4, 48),
        other=(10, 6, 34, 22, 6, 22),
        who=("the boss", "the clerk", "my brother", "Tom"),
        thing=("the letter", "the form", "the phone", "the ticket"),
        when=("today", "on Monday", "after lunch"),
        place=("in the office", "at the counter", "at the station"),
    ),
    "impro02": _scenario(  # somebody goes away for long
        lead=(8, 50, 22, 6, 6, 8),
        other=(6, 46, 14, 14, 6, 14),
        who=("your mother", "my sister", "the boy", "my cousin"),
        thing=("the house", "the trip", "the train", "the job"),
        when=("last night", "this morning", "this week"),
        place=("at home", "at the airport", "at the station"),
    ),
    "impro03": _scenario(  # a wedding is announced
        lead=(28, 4, 8, 4, 52, 4),
        other=(40, 8, 12, 5, 30, 5),
        who=("Anna", "my sister", "Tom", "your mother"),
        thing=("the party", "the ring", "the trip", "the house"),
        when=("last night", "this week", "on Monday"),
        place=("by the river", "at home", "in the garden"),
    ),
    "script01": _scenario(  # old friends meet
        scripted=True,
        lead=(24, 6, 10, 8, 46, 6),
        other=(32, 10, 22, 16, 14, 6),
        who=("Anna", "Tom", "my cousin", "the boy"),
        thing=("the car", "the job", "the party", "the phone"),
        when=("today", "last night", "after lunch"),
        place=("at the market", "by the river", "in the garden"),
    ),
    "script02": _scenario(  # a quarrel between two neighbours
        scripted=True,
        lead=(12, 14, 12, 40, 10, 12),
        other=(22, 36, 20, 4, 14, 4),
        who=("the landlord", "my brother", "the boss", "your mother"),
        thing=("the car", "the house", "the letter", "the ring"),
        when=("this morning", "on Monday", "this week"),
        place=("at home", "at the market", "at the counter"),
    ),
}


def scenario(scene: str) -> Scenario:
    """The scenario of a scene, e.g. script02 of `F_script02_1`."""
    return SCENARIOS[scene.split("_")[1]]
