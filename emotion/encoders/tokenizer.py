"""Byte-level byte-pair encoding, learned from the training split's own text, as RoBERTa uses it."""

import json
from collections.abc import Iterable

from tokenizers import ByteLevelBPETokenizer
from transformers import PreTrainedTokenizerBase, RobertaTokenizer

_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]  # RoBERTa's order: 0, 1, 2, 3, 4
SMALLEST = 256 + len(_SPECIAL)  # every byte is a token: no text is unknown


def learn_tokenizer(texts: Iterable[str], *, vocabulary: int, limit: int) -> PreTrainedTokenizerBase:
    """Learn merges of bytes that occur at least twice; the same texts give the same tokenizer.

    Args:
        texts: lines of the training split.
        vocabulary: most tokens, at least `SMALLEST`.
        limit: most tokens of one text, those for start and end included.
    """
    learned = ByteLevelBPETokenizer(add_prefix_space=True, lowercase=False)
    learned.train_from_iterator(
        list(texts),
        vocab_size=max(vocabulary, SMALLEST),
        min_frequency=2,
        special_tokens=_SPECIAL,
        show_progress=False,
    )
    model = json.loads(learned.to_str())["model"]
    merges = [tuple(pair) for pair in model["merges"]]
    # `vocab_file=` would silently give five tokens in transformers 5.
    return RobertaTokenizer(vocab=model["vocab"], merges=merges, add_prefix_space=True, model_max_length=limit)
