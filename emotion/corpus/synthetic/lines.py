"""What the actors say: short everyday lines with slots, hundreds of them.

A telling line gives its emotion away, or at least a pair of similar emotions; an ambiguous line fits any emotion, so
only voice, face or the conversation can tell. Slots are filled with words of the scenario, alike for all emotions, so
they tell no more than what the dialogue is about.
"""

from collections.abc import Mapping

import numpy as np

Slots = Mapping[str, tuple[str, ...]]
"""Name of a slot -> the words that fill it."""

TELLING = {
    "happy": (
        "I am glad {who} came {when}.",
        "{who} made me smile {when}.",
        "Such a lovely time {place}.",
        "I love how {thing} turned out.",
        "We laughed a lot {place}.",
        "I feel really good about {thing}.",
        "So nice to see {who}.",
    ),
    "sad": (
        "I miss {who} so much.",
        "{who} passed away {when}.",
        "I cried all night about {thing}.",
        "Nothing helps since we lost {thing}.",
        "I am alone {place} again.",
        "{who} is never coming back.",
        "It hurts to think about {who}.",
    ),
    "neutral": (
        "The form is on the desk.",
        "{who} usually parks {place}.",
        "I need a copy of {thing}.",
        "Turn left and wait {place}.",
        "The meeting was moved {when}.",
        "You can pay by card {place}.",
        "{who} has the second key.",
    ),
    "angry": (
        "Get out, and take {thing}!",
        "How dare you touch {thing}!",
        "{who} lied to my face!",
        "Do not ever call {who}!",
        "I hate {who}, I hate this!",
        "Shut up about {thing}!",
        "You ruined {thing}, you idiot!",
    ),
    "excited": (
        "I got {thing}, can you imagine?",
        "Guess what {who} did {when}!",
        "I cannot wait for {thing}!",
        "Oh wow, look at {thing}!",
        "This is going to be amazing!",
        "{who} said yes, yes, yes!",
        "We won {thing}, we really won!",
    ),
    "frustrated": (
        "I called three times about {thing}.",
        "I keep filling in the same form.",
        "Nobody can help me with {thing}.",
        "We have been over {thing} before.",
        "Why is {thing} still not working?",
        "I have waited {place} for hours.",
        "It is always something with {who}.",
    ),
}

# Lines that similar emotions share, so that words alone do not tell the two apart.
PAIRS = {
    ("happy", "excited"): (
        "This is the best news ever!",
        "I have great news about {thing}!",
        "{who} is getting married {when}!",
        "I passed, and {who} passed too!",
        "Thank you so much for {thing}!",
    ),
    ("angry", "frustrated"): (
        "This is ridiculous, where is {thing}?",
        "{who} is not listening to me!",
        "I am sick of {thing}.",
        "I cannot take this any more.",
        "That is not what {who} promised!",
    ),
    ("sad", "neutral"): (
        "I stayed {place} {when}.",
        "{who} moved out {when}.",
        "We sold {thing} {when}.",
        "I have not seen {who} lately.",
        "It has been quiet {place}.",
    ),
}

AMBIGUOUS = (
    "I did not expect that {when}.",
    "You heard what {who} said.",
    "So {who} told you about {thing}?",
    "That is what I said {when}.",
    "I know, I was {place}.",
    "Did you talk to {who} {when}?",
    "Tell me about {thing}.",
    "I saw {who} {place}.",
    "Well, there it is.",
    "You know how {who} is.",
    "What did {who} say {when}?",
    "It is all about {thing}.",
    "Are you talking about {thing}?",
    "I was thinking about {thing}.",
    "And then {who} called me.",
    "{who} was there {when}.",
    "It was {thing}, of course.",
    "Do you remember {thing}?",
    "I really mean it.",
    "What do you want me to say?",
    "Yes, I do know that.",
    "I will call {who} {when}.",
    "Let us talk about {thing}.",
    "Oh, {who} is {place}.",
    "So this is {thing}.",
    "You said it was {place}.",
    "I told {who} about {thing}.",
    "Now it is up to {who}.",
    "Okay, I will do it {when}.",
    "You should have been {place}.",
)


def draw_line(emotion: str, *, telling: bool, shared: bool, slots: Slots, rng: np.random.Generator) -> str:
    """Draw an ambiguous line, or a telling one: the emotion's own, or (`shared`) of it and its similar emotion."""
    choices: tuple[str, ...] = AMBIGUOUS
    if telling:
        choices = next(lines for pair, lines in PAIRS.items() if emotion in pair) if shared else TELLING[emotion]
    filled = {name: words[rng.integers(len(words))] for name, words in slots.items()}
    line = choices[rng.integers(len(choices))].format(**filled)
    return line[0].upper() + line[1:]


def end_with(line: str, tail: str) -> str:
    """Put somebody's own words before the mark at the end of a line."""
    return f"{line[:-1]}, {tail}{line[-1]}"
