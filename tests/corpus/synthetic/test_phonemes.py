import pytest

from emotion.corpus.synthetic.phonemes import PAUSE, phones, syllables, words


def test_words_are_lower_case_without_accents_and_symbols():
    assert words("Déjà vu, I don’t KNOW?! – 42%") == ["deja", "vu", ",", "i", "don't", "know", "?!", "42"]


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("no", 1),
        ("into", 2),
        ("tomorrow", 3),
        ("see", 1),
        ("night", 1),
        ("came", 1),
        ("times", 1),
        ("hmm", 1),
        ("42", 1),
    ],
)
def test_syllables_are_counted_as_in_english(word, count):
    assert len(syllables(word)) == count


def test_every_syllable_has_one_vowel_and_no_sound_is_lost():
    text = "They told me this morning at the office"
    spoken = syllables(text)
    assert all(sum(phone.vowel for phone in syllable) == 1 for syllable in spoken)
    assert [p for s in spoken for p in s] == [p for word in words(text) for p in phones(word)]


def test_vowels_and_consonants_have_their_formants_and_noise():
    (see,) = syllables("see")
    hiss, vowel = see
    assert hiss.noise > 0.3 and hiss.voice == 0 and hiss.centre > 4000
    assert vowel.voice == 1 and vowel.formants[0] < 350 and vowel.formants[1] > 2000
    closure, burst = phones("to")[:2]
    assert closure.noise == 0 and closure.voice == 0 and burst.noise > 0 and burst.length < closure.length
    assert phones("me")[0].noise == 0 and 0 < phones("me")[0].voice < 1


def test_spelling_rules():
    assert phones("came") == phones("cam")
    assert phones("hello") == phones("helo")
    assert phones("yes")[0].formants == phones("boy")[-1].formants
    assert phones("she")[0] != phones("see")[0]


def test_punctuation_is_a_pause_between_words_only():
    spoken = syllables("... well, no.")
    assert spoken.count((PAUSE,)) == 1 and spoken[1] == (PAUSE,) and len(spoken) == 3
    assert syllables("") == syllables("?!") == syllables("日本") == []
