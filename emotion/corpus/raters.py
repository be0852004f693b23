"""What raters write for a class."""

WORDS = {
    "Happiness": "happy",
    "Sadness": "sad",
    "Neutral": "neutral",
    "Neutral state": "neutral",
    "Anger": "angry",
    "Excited": "excited",
    "Frustration": "frustrated",
}
"""The words of IEMOCAP's raters; a word that is the name of a class needs no entry."""
