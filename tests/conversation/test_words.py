from emotion.conversation.words import Region, joined, sentences
from emotion.timeline.timeline import Word


def words(text):
    return [Word(number, number + 0.5, word) for number, word in enumerate(text.split())]


def texts(groups):
    return [" ".join(word.text for word in group) for group in groups]


def test_sentences_end_where_they_are_said_to_end():
    text = 'Do you hear me? Yes. "Never!" he said … and Mr. Smith, too'
    assert texts(sentences(words(text))) == ["Do you hear me?", "Yes.", '"Never!"', "he said …", "and Mr. Smith, too"]
    assert texts(sentences([])) == []


def test_no_word_is_lost():
    for text in ("a b c", ". . .", "a. b? c! d", "。 a 。"):
        assert " ".join(texts(sentences(words(text)))) == text


def test_spaces_only_in_scripts_that_have_them():
    assert joined(words("I do not.")) == "I do not."
    assert joined(words("你 好 世界")) == "你好世界"
    assert joined(words("สวัสดี ครับ")) == "สวัสดีครับ"
    assert joined(words("你 ok 好")) == "你 ok 好"
    assert joined([]) == ""


def test_distance_of_regions():
    region = Region(1, 3)
    assert region.length == 2
    assert region.distance(4, 5) == 1 and region.distance(0, 0.5) == 0.5
    assert region.distance(2, 5) == -1 and region.distance(3, 5) == 0
