"""`emotion index`, `emotion corpus` and `emotion summary`: from a release to an index, and what came of a run."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

app = typer.Typer()
corpus_app = typer.Typer(
    no_args_is_help=True,
    help="""Check a corpus before the pipeline runs on it.

    For example:

        emotion corpus check --corpus synthetic --root data/raw/synthetic
    """,
)
app.add_typer(corpus_app, name="corpus")


def _known_corpus(name: str) -> str:
    from emotion.core.plugins import is_name
    from emotion.corpus.raw import CORPORA

    if name not in CORPORA and not is_name(name):
        raise typer.BadParameter(f"{name} is none of {', '.join(CORPORA)} and not of the form plugins/FILE.py:NAME")
    return name


CorpusName = Annotated[
    str,
    typer.Option(
        help="The corpus to read; plugins/FILE.py:NAME is a reader of your own.",
        metavar="[synthetic|iemocap|meld|crema_d|table|plugins/FILE.py:NAME]",
        callback=_known_corpus,
    ),
]
Root = Annotated[Path, typer.Option(help="The corpus's folder.")]
LabelRule = Annotated[
    Literal["released", "strict"],
    typer.Option(
        help="iemocap: 7433 utterances (released) or 7380 (strict); crema_d: what was acted, or what most raters say."
    ),
]


def _known_split(name: str) -> str:
    from emotion.corpus.protocols import NAMES as APART
    from emotion.corpus.splits import NAMES, is_known

    if not is_known(name):
        raise typer.BadParameter(f"{name} is none of corpus, {', '.join(NAMES)}, {APART}")
    return name


Split = Annotated[
    str,
    typer.Option(
        help="corpus = its own. For iemocap and synthetic: paper, cosmic, session1 .. session5. Where scenarios are "
        "known: session1_scenario1 .. session5_scenario3, session1_random1 .. session5_random3; see docs/corpora.md.",
        metavar="[corpus|paper|cosmic|sessionN|sessionN_scenarioM|sessionN_randomM]",
        callback=_known_split,
    ),
]
Encoding = Annotated[str, typer.Option(help="Encoding of a table: auto (UTF-8, UTF-16, UTF-32), gbk, cp1252, ...")]
Ambiguous = Annotated[
    bool, typer.Option("--ambiguous", help="Keep utterances without a majority of the raters, as index.ambiguous.")
]
Overlap = Annotated[
    bool, typer.Option("--allow-speaker-overlap", help="Let speakers of the test set be in training; MELD needs it.")
]


@app.command("summary")
def summary_command(
    folder: Annotated[Path, typer.Argument(help="Folder with metrics.json and the pictures.")] = Path("metrics"),
) -> None:
    """Print the test scores as tables.

    For example:

        emotion summary
        emotion summary metrics
    """
    from emotion.evaluation.summary import summary

    summary(folder)


@app.command("index")
def index_command(
    corpus: CorpusName,
    root: Root,
    out: Annotated[Path, typer.Option(help="The CSV file to write; a JSON file is written beside it.")],
    label_rule: LabelRule = "released",
    split: Split = "corpus",
    allow_speaker_overlap: Overlap = False,
    ambiguous: Ambiguous = False,
    annotators: Annotated[
        Path | None,
        typer.Option(help="Also write what every rater says into this CSV file (iemocap, synthetic, crema_d, table)."),
    ] = None,
    encoding: Encoding = "auto",
) -> None:
    """Read a corpus and write its list of utterances.

    The index has one row per utterance: dialogue, speaker, times, label, split, text and media files.

    For example:

        emotion index --corpus synthetic --root data/raw/synthetic --out index.csv
        emotion index --corpus iemocap --root data/raw/iemocap --out five.csv
    """
    from emotion.corpus.index import index_corpus

    index_corpus(
        corpus=corpus,
        root=root,
        out=out,
        label_rule=label_rule,
        split=split,
        allow_speaker_overlap=allow_speaker_overlap,
        ambiguous=ambiguous,
        annotators=annotators,
        encoding=encoding,
    )
    typer.echo(f"index written: {out}; to run the pipeline on this corpus: dvc exp run -S corpus={corpus}", err=True)


@corpus_app.command("check")
def check_command(
    corpus: CorpusName,
    root: Root,
    label_rule: LabelRule = "released",
    split: Split = "corpus",
    allow_speaker_overlap: Overlap = False,
    ambiguous: Ambiguous = False,
    media: Annotated[bool, typer.Option("--media", help="Decode every media file to its end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    encoding: Encoding = "auto",
) -> None:
    """Check a corpus: what is missing, broken or odd.

    Every finding says how to fix it. The exit code is 1 where there are errors.

    For example:

        emotion corpus check --corpus synthetic --root data/raw/synthetic
        emotion corpus check --corpus iemocap --root data/raw/iemocap --media
    """
    from emotion.core.environment import workers
    from emotion.corpus.check import check_corpus, show_report
    from emotion.media.probe import decode

    report = check_corpus(
        corpus=corpus,
        root=root,
        label_rule=label_rule,
        split=split,
        allow_speaker_overlap=allow_speaker_overlap,
        decode=decode if media else None,
        workers=workers(),
        encoding=encoding,
        ambiguous=ambiguous,
    )
    if as_json:
        typer.echo(report.to_json())
    else:
        show_report(report, Console())
    if report.count("error"):
        raise typer.Exit(1)
