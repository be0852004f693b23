"""The authors' own code of three fusion models, imported from the user's clone as it is, and their weights in ours.

Nothing of that code is in this repository, and nothing in the clone is changed. What has changed around it since it was
written gets a stand-in while it runs here, see `as_it_was`.
"""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn

from emotion.core.errors import EmotionError
from emotion.fusion.models.layers import roles
from emotion.fusion.sequences import Batch

Weights = Mapping[str, Tensor]
FIELD = {"audio": 1582, "face": 342, "text": 100}
GRU = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


@dataclass(frozen=True)
class System:
    """Code of a paper's authors, and the model here that it is compared with.

    Attributes:
        repository: where the code is.
        script: the file by which a clone is recognised, and a text that it holds.
        dims: features per modality, as published.
        batch: dialogues per step, as published.
        make: imports the code, which can then be imported by its own names, and makes its model at the published size.
        weights: those of their model under the names of ours.
        call: (their model, batch) -> what it gives.
        loss: (what it gives, batch) -> their loss, without class weights.
        last: name of the layer that gives their logits.
        options: of our model, besides the defaults.
    """

    repository: str
    script: tuple[str, str]
    dims: Mapping[str, int]
    batch: int
    make: Callable[[], nn.Module]
    weights: Callable[[Weights], dict[str, Tensor]]
    call: Callable[[nn.Module, Batch], Any]
    loss: Callable[[Any, Batch], Tensor]
    last: str
    options: Mapping[str, Any] = field(default_factory=dict)


def clone(folder: Path, system: System) -> Path | None:
    """The folder with the system's code: in `folder`, below it, or itself; None where it is not there."""
    name, text = system.script
    for path in (folder / name, *sorted(folder.glob(f"*/{name}")), folder / Path(name).name):
        if path.is_file() and text in path.read_text(encoding="utf-8", errors="replace"):
            return path.parent
    return None


@contextmanager
def as_it_was(folder: Path) -> Iterator[None]:
    """What the code expects around it: its folder among those that modules are looked for in, and an older world.

    Packages that are imported but not used on our way have empty stand-ins where they are not installed; `.cuda()`
    leaves a tensor where it is; and a 2 x n array of numpy as an index means rows and columns, as in torch 1.1.
    """
    stand_ins = {}
    for name in ("ipdb", "torch_geometric", "torch_geometric.nn"):
        try:
            importlib.import_module(name)
        except ImportError:
            stand_ins[name] = ModuleType(name)
            stand_ins[name].__dict__.update(GraphConv=nn.Module, RGCNConv=nn.Module)
    set_item = Tensor.__setitem__

    def old_set_item(tensor: Tensor, key: Any, value: Any) -> None:  # noqa: ANN401
        set_item(tensor, tuple(map(torch.from_numpy, key)) if isinstance(key, np.ndarray) else key, value)

    with (
        patch.dict(sys.modules, stand_ins),
        patch.object(sys, "path", [str(folder), *sys.path]),
        patch.object(sys, "dont_write_bytecode", True),
        patch.object(Tensor, "cuda", lambda tensor, *_: tensor),
        patch.object(Tensor, "__setitem__", old_set_item),
    ):
        yield


def logits(system: System, model: nn.Module, batch: Batch) -> Tensor:
    """What their last layer gives for a single dialogue, (u, classes)."""
    found: list[Tensor] = []
    hook = model.get_submodule(system.last).register_forward_hook(lambda _, inputs, output: found.append(output))
    with torch.no_grad():
        system.call(model, batch)
    hook.remove()
    return found[-1].reshape(batch.mask.shape[1], -1)


def parties(batch: Batch) -> Tensor:
    """Two columns, which of two speakers has the utterance, (u, b, 2); the first who speaks has the first."""
    who, _ = roles(batch.speakers, batch.mask)
    if int(who.max()) > 1:
        raise EmotionError("more than two speakers in a dialogue, expected two: the authors' code knows no more")
    return nn.functional.one_hot(who, 2).float().transpose(0, 1)


def _inputs(batch: Batch) -> dict[str, Tensor]:
    return {name: values.transpose(0, 1) for name, values in batch.features.items()}  # each (u, b, d)


def _lengths(batch: Batch) -> list[int]:
    lengths: list[int] = batch.mask.sum(1).tolist()
    return lengths


def _labels(batch: Batch) -> Tensor:
    return batch.labels.clamp(min=0)  # theirs are 0 at the padding


def _make_dialogue_rnn() -> nn.Module:
    made: nn.Module = importlib.import_module("model").BiModel(
        100, 500, 500, 300, 300, n_classes=6, context_attention="general", dropout_rec=0.1, dropout=0.1
    )
    return made


def _dialogue_rnn_weights(theirs: Weights) -> dict[str, Tensor]:
    found = {}
    for ours, letter in (("forwards", "f"), ("backwards", "r")):
        cell = f"dialog_rnn_{letter}.dialogue_cell"
        for name in GRU:
            found[f"{ours}.whole.{name}"] = theirs[f"{cell}.g_cell.{name}"]
            found[f"{ours}.party.{name}"] = theirs[f"{cell}.p_cell.{name}"]
            found[f"{ours}.emotion.{name}_l0"] = theirs[f"{cell}.e_cell.{name}"]
        found[f"{ours}.query.weight"] = theirs[f"{cell}.attention.transform.weight"]
    for ours, name in (("query", "matchatt.transform"), ("dense", "linear"), ("classifier", "smax_fc")):
        found |= {f"{ours}.{kind}": theirs[f"{name}.{kind}"] for kind in ("weight", "bias")}
    return found


def _dialogue_rnn_loss(given: Any, batch: Batch) -> Tensor:  # noqa: ANN401
    flat = given[0].transpose(0, 1).reshape(-1, given[0].shape[2])
    loss: Tensor = importlib.import_module("model").MaskedNLLLoss()(flat, _labels(batch).view(-1), batch.mask.float())
    return loss


def _make_mmgcn() -> nn.Module:
    made: nn.Module = importlib.import_module("model").DialogueGCNModel(
        *("LSTM", FIELD["text"], 150, 150, 100, 100, 100, 100),
        n_speakers=2,
        max_seq_len=200,
        window_past=10,
        window_future=10,
        n_classes=6,
        dropout=0.4,
        no_cuda=True,
        graph_type="MMGCN",
        D_m_v=FIELD["face"],
        D_m_a=FIELD["audio"],
        att_type="concat_subsequently",
        Deep_GCN_nlayers=4,
        use_speaker=True,
    )
    return made


def _mmgcn_weights(theirs: Weights) -> dict[str, Tensor]:
    net = "graph_model.graph_net"
    found = {"speakers.weight": theirs["graph_model.speaker_embeddings.weight"]}
    pairs = [("encoders.audio", "linear_a"), ("encoders.face", "linear_v"), ("encoders.text", "linear_l")]
    for ours, name in (*pairs, ("graph.first", f"{net}.fcs.0"), ("classifier", "smax_fc")):
        found |= {f"{ours}.{kind}": theirs[f"{name}.{kind}"] for kind in ("weight", "bias")}
    for layer in (0, 1):
        for name in GRU:  # an LSTM's have the same names
            found[f"recurrent.text.forwards.{layer}.{name}_l0"] = theirs[f"lstm_l.{name}_l{layer}"]
            found[f"recurrent.text.backwards.{layer}.{name}_l0"] = theirs[f"lstm_l.{name}_l{layer}_reverse"]
    found["graph.weights"] = torch.stack([theirs[f"{net}.convs.{layer}.weight"] for layer in range(64)])
    return found


def _mmgcn_call(model: nn.Module, batch: Batch) -> Tensor:
    x = _inputs(batch)
    out: Tensor = model(x["text"], parties(batch), batch.mask.float(), _lengths(batch), x["audio"], x["face"])[0]
    return out


def _make_sdt() -> nn.Module:
    made: nn.Module = importlib.import_module("model").Transformer_Based_Model(
        "IEMOCAP", 1, 1024, FIELD["face"], FIELD["audio"], 8, 6, 1024, 2, 0.5
    )
    return made


LETTERS = {"audio": "a", "face": "v", "text": "t"}


def _sdt_weights(theirs: Weights) -> dict[str, Tensor]:
    found = {"speakers.weight": theirs["speaker_embeddings.weight"][:2], "gate.weight": theirs["last_gate.fc.weight"]}
    whole = [("classifier", "all_output_layer")]
    for name, one in LETTERS.items():
        long = {"a": "acouf", "v": "visuf", "t": "textf"}[one]
        found[f"embed.{name}.weight"] = theirs[f"{long}_input.weight"].squeeze(-1)
        whole.append((f"students.{name}", f"{one}_output_layer.2"))
        order = {"a": "atv", "v": "vta", "t": "tav"}[one]  # of the blocks that they put side by side
        blocks = dict(zip(order, theirs[f"features_reduce_{one}.weight"].chunk(3, dim=1), strict=True))
        found[f"streams.{name}.out.weight"] = torch.cat([blocks[letter] for letter in LETTERS.values()], dim=1)
        found[f"streams.{name}.out.bias"] = theirs[f"features_reduce_{one}.bias"]
        for source, other in LETTERS.items():  # x_y of theirs: y reads x
            inner, reader = f"{other}_{one}.transformer_inter.0", f"streams.{name}.readers.{source}"
            found[f"streams.{name}.gates.{source}.weight"] = theirs[f"{other}_{one}_gate.fc.weight"]
            whole += [(f"{reader}.{part}", f"{inner}.self_attn.linear_{part[0]}") for part in ("query", "key", "value")]
            whole += [(f"{reader}.out", f"{inner}.self_attn.linear")]
            feed = f"{inner}.feed_forward"
            whole += [(f"{reader}.{a}", f"{feed}.{b}") for a, b in (("widen", "w_1"), ("narrow", "w_2"))]
            whole += [(f"{reader}.norm", f"{feed}.layer_norm")]
    for ours, name in whole:
        found |= {f"{ours}.{kind}": theirs[f"{name}.{kind}"] for kind in ("weight", "bias")}
    return found


def _sdt_call(model: nn.Module, batch: Batch) -> tuple[Tensor, ...]:
    x, who = _inputs(batch), parties(batch).transpose(0, 1)
    given: tuple[Tensor, ...] = model(x["text"], x["face"], x["audio"], batch.mask.float(), who, _lengths(batch))
    return given


def _sdt_loss(given: Any, batch: Batch) -> Tensor:  # noqa: ANN401
    code, mask, labels = importlib.import_module("model"), batch.mask.float(), _labels(batch).view(-1)
    flat = [values.reshape(-1, values.shape[2]) for values in given]
    *students, teacher = flat[:4]
    hard = [code.MaskedNLLLoss()(values, labels, mask) for values in (*students, teacher)]
    soft = [code.MaskedKLDivLoss()(values, flat[8], mask) for values in flat[5:8]]
    return torch.stack([*hard, *soft]).sum()


SYSTEMS = {
    "dialogue_rnn": System(
        repository="declare-lab/conv-emotion",
        script=("DialogueRNN/model.py", "class BiModel("),
        dims={"text": 100},
        batch=30,
        make=_make_dialogue_rnn,
        weights=_dialogue_rnn_weights,
        call=lambda model, batch: model(_inputs(batch)["text"], parties(batch), batch.mask.float()),
        loss=_dialogue_rnn_loss,
        last="smax_fc",
    ),
    "mmgcn": System(
        repository="hujingwen6666/MMGCN",
        script=("model_mm.py", "class MM_GCN("),
        dims=FIELD,
        batch=16,
        make=_make_mmgcn,
        weights=_mmgcn_weights,
        call=_mmgcn_call,
        loss=lambda given, batch: nn.functional.nll_loss(given, batch.labels[batch.mask]),
        last="smax_fc",
        options={"parties": 2},
    ),
    "sdt": System(
        repository="butterfliesss/SDT",
        script=("model.py", "class Transformer_Based_Model("),
        dims=FIELD | {"text": 1024},
        batch=16,
        make=_make_sdt,
        weights=_sdt_weights,
        call=_sdt_call,
        loss=_sdt_loss,
        last="all_output_layer",
        options={"parties": 2, "hidden": 512, "heads": 8, "dropout": 0.5},
    ),
}
