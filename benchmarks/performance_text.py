"""Speed of the text stage with a body of the size of RoBERTa-base, against a plain loop and sentence-transformers."""

import copy
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from operator import itemgetter
from pathlib import Path

import numpy as np
import torch
import transformers

from benchmarks.figures import Figure, best_of
from emotion.corpus.utterance import Utterance
from emotion.encoders.base import Encoder
from emotion.encoders.text import PretrainedText, learn_tokenizer, open_reader
from emotion.extraction.extract_text import per_batch
from emotion.extraction.features import FeatureJob, batches, characters, shards

_UTTERANCES = 384
_CORPUS, _EVERY = 7433, 19  # as many as IEMOCAP has; of its batches of 32 every so many make some 384 texts
_BATCH = 32  # sentence-transformers' default
_PLACES = 512  # of RoBERTa
_MEAN = 12  # words, about IEMOCAP's
_WORDS = """
I you he we they it is was not do did have had will would can could know think say want go come see get make
good bad sorry happy angry sure really maybe never always thing time year day man woman people house work money
about because anything something wonderful ridiculous understand remember together tomorrow yesterday
""".split()  # noqa: SIM905 - a list of them would be a page long


def texts(number: int = _UTTERANCES) -> list[str]:
    """Sentences of random words; most are short, a few long."""
    rng = np.random.default_rng(0)
    lengths = np.minimum(rng.geometric(1 / _MEAN, number), 100)
    return [" ".join(rng.choice(_WORDS, size=length)) for length in lengths]


def of_corpus() -> list[str]:
    """Texts of a whole corpus in order of length, every 19th batch: as little padding as among all of them."""
    ordered = sorted(texts(_CORPUS), key=len, reverse=True)
    return [text for start in range(0, _CORPUS, _EVERY * _BATCH) for text in ordered[start : start + _BATCH]]


@cache
def encoder() -> PretrainedText:
    """12 layers of 768 with random weights; dim 0 = the mean of the last layer itself."""
    torch.manual_seed(0)
    config = transformers.RobertaConfig(vocab_size=1000, max_position_embeddings=_PLACES + 2, type_vocab_size=1)
    made = PretrainedText(encoder="roberta")
    tokenizer = learn_tokenizer(texts(), vocabulary=config.vocab_size, limit=_PLACES)
    made.use(transformers.RobertaModel(config, add_pooling_layer=False), tokenizer)
    return made.eval()


def load() -> tuple[list[Encoder], Callable[[Utterance], int]]:
    """For the workers."""
    return [encoder()], only


def only(_: Utterance) -> int:
    """One encoder for all."""
    return 0


def rows(said: Sequence[str] = ()) -> list[Utterance]:
    """One utterance per sentence."""
    return [
        Utterance(f"u{number}", "d", number, "s", 0.0, 1.0, "", "train", text, "", "", "left")
        for number, text in enumerate(said or texts())
    ]


def cut(found: Sequence[Utterance]) -> list[list[int]]:
    """The batches of the stage."""
    return batches(found, length=characters, which=only, most=encoder().together, per_batch=per_batch(encoder()))


def ours(found: Sequence[Utterance], device: str = "cpu") -> np.ndarray:
    """What a worker does with the rows, (n, 768)."""
    job = FeatureJob(what="text", device=device, load=load, open_media=open_reader, cut=cut, budget=4)
    return np.concatenate([item.values for _, item in sorted(job(found), key=itemgetter(0))])


def one_by_one(found: Sequence[Utterance]) -> np.ndarray:
    """The plain loop, (n, 768)."""
    with torch.inference_mode():
        return np.concatenate([encoder()(encoder().collate([row.text])).numpy() for row in found])


def sentence_transformers() -> Callable[[Sequence[Utterance]], np.ndarray] | None:
    """`encode` of that library on the same weights; None where it is not installed."""
    try:
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.models import Pooling, Transformer
    except ImportError:
        return None
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    plain = copy.deepcopy(encoder().body)
    plain.set_attn_implementation("sdpa")
    with tempfile.TemporaryDirectory() as folder:
        plain.save_pretrained(folder)
        encoder().tokenizer.save_pretrained(folder)
        model = SentenceTransformer(modules=[Transformer(folder), Pooling(768, "mean")], device="cpu")
    return lambda found: model.encode([row.text for row in found], batch_size=_BATCH, show_progress_bar=False)


def text(_: Path) -> list[Figure]:
    """Utterances per second, and ratios: each way with one core, and each with all of them."""
    found = rows()
    theirs = sentence_transformers()
    ways = [ours, one_by_one, *([theirs] if theirs else [])]
    cores = torch.get_num_threads()
    torch.set_num_threads(1)
    results = [way(found) for way in ways]  # also warms up
    for other in results[1:]:
        np.testing.assert_allclose(results[0], other, atol=2e-4)  # all do the same work
    alone = best_of([partial(way, found) for way in ways], times=3, clock=time.process_time)
    corpus = rows(of_corpus())
    both = [ours, *([theirs] if theirs else [])]
    large = best_of([partial(way, corpus) for way in both], times=3, clock=time.process_time)
    torch.set_num_threads(cores)
    with ProcessPoolExecutor(cores, get_context("spawn"), torch.set_num_threads, (1,)) as pool:
        on_all_cores(pool, found)  # starts the workers
        everywhere = best_of([partial(on_all_cores, pool, found), *(partial(way, found) for way in ways[1:])], times=2)
    return [
        Figure("text", "utterances per second and core, body like RoBERTa-base", len(found) / alone[0], "1/s"),
        *_ratios(alone, "one core each", least=(None, 1.5)),
        *[
            Figure("text", f"the same, batches as of {_CORPUS} texts", time / large[0], "x", least=1)
            for time in large[1:]
        ],
        *_ratios(everywhere, f"{cores} cores each", least=(2.5, 1)),
    ]


def on_all_cores(pool: Executor, found: Sequence[Utterance]) -> None:
    """The shards of the stage, shared out among worker processes of one thread each."""
    parts = shards(cut(found))
    deque(pool.map(ours, [[found[row] for row in part] for part in parts]), maxlen=0)


def _ratios(
    times: Sequence[float], where: str, least: tuple[float | None, float | None] = (None, None)
) -> list[Figure]:
    """Times of the plain loop, and of sentence-transformers where it is installed, over ours."""
    names = ("batches of one", "sentence-transformers")
    return [
        Figure("text", f"times as fast as {name}, {where}", time / times[0], "x", least=bound)
        for name, time, bound in zip(names, times[1:], least, strict=False)
    ]
