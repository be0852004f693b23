"""References for the models that the field compares with: one utterance, one edge, one head at a time."""

import math

import torch
from fusion_loops import alone, both_ways, gru, joined, norm, place, read


def numbers(speakers):
    """Speakers in the order in which they are first heard."""
    known = []
    for name in speakers:
        if name not in known:
            known.append(name)
    return [known.index(name) for name in speakers]


def cell(layer, x, h):
    """One step of a GRU cell."""
    r_x, z_x, n_x = (layer.weight_ih @ x + layer.bias_ih).chunk(3)
    r_h, z_h, n_h = (layer.weight_hh @ h + layer.bias_hh).chunk(3)
    z = torch.sigmoid(z_x + z_h)
    return (1 - z) * torch.tanh(n_x + torch.sigmoid(r_x + r_h) * n_h) + z * h


def weighted(scores, values):
    """Sum of values by the softmax of their scores."""
    powers = [(score - max(scores)).exp() for score in scores]
    return sum(power / sum(powers) * value for power, value in zip(powers, values, strict=True))


def one_direction(module, xs, speakers):
    g = torch.zeros(module.whole.hidden_size)
    states = {name: torch.zeros(module.party.hidden_size) for name in speakers}
    history, said = [], []
    for x, name in zip(xs, speakers, strict=True):
        c = torch.zeros_like(g)
        if history:
            c = weighted([(module.query.weight @ x) @ earlier for earlier in history], history)
        g = cell(module.whole, torch.cat([x, states[name]]), g)
        states[name] = cell(module.party, torch.cat([x, c]), states[name])
        history.append(g)
        said.append(states[name])
    return gru(module.emotion, said)


def dialogue_rnn(module, rows, speakers):
    xs = [joined(row) for row in rows]
    there = one_direction(module.forwards, xs, speakers)
    back = one_direction(module.backwards, xs[::-1], speakers[::-1])[::-1]
    e = [torch.cat(pair) for pair in zip(there, back, strict=True)]
    out = []
    for state in e:
        query = module.query.weight @ state + module.query.bias
        found = weighted([query @ other for other in e], e)
        out.append(module.classifier(module.dense(found).clamp(min=0)))
    return torch.stack(out)


def weight(x, y):
    """Of the edge between two nodes: 1 - angle / pi."""
    cosine = float(x @ y) / math.sqrt(float(x @ x) * float(y @ y))
    return 1 - math.acos(0.99999 * cosine) / math.pi


def mmgcn(module, rows, speakers):
    people = [min(number, module.parties - 1) for number in numbers(speakers)]
    nodes = {}
    for name in module.modalities:
        encoded = torch.stack([module.encoders[name](alone(row, name)) for row in rows])
        if name in module.spoken:
            encoded = both_ways(module.recurrent[name], encoded)
            encoded = [state + module.speakers.weight[who] for state, who in zip(encoded, people, strict=True)]
        nodes |= {(name, t): encoded[t] for t in range(len(rows))}
    there = [(name, t) for name, t in nodes if rows[t][name][1]]
    edges = {(a, b): weight(nodes[a], nodes[b]) for a in there for b in there if a[0] == b[0] or a[1] == b[1]}
    degree = {a: sum(value for (start, _), value in edges.items() if start == a) for a in there}
    first = {a: module.graph.first(x).clamp(min=0) for a, x in nodes.items()}
    h = first
    for layer, weights in enumerate(module.graph.weights, start=1):
        share = math.log(0.5 / layer + 1)
        after = {}
        for a in nodes:
            passed = torch.zeros_like(h[a])
            for b in there:
                if (a, b) in edges:
                    passed = passed + edges[a, b] / math.sqrt(degree[a] * degree[b]) * h[b]
            mixed = torch.cat([passed, first[a]]) @ weights
            after[a] = ((1 - share) * (0.9 * passed + 0.1 * first[a]) + share * mixed).clamp(min=0)
        h = after
    out = []
    for t in range(len(rows)):
        parts = [torch.cat([nodes[name, t], h[name, t]]) for name in module.modalities]
        out.append(module.classifier(torch.cat(parts).clamp(min=0)))
    return torch.stack(out)


def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def transformer(reader, x, source, heard):
    """x reads those of the source that are heard."""
    keys, values = ([layer(source[s]) for s in heard] for layer in (reader.key, reader.value))
    out = []
    for one in x:
        f = one + reader.out(read(reader.query(one), keys, values, reader.heads))
        out.append(f + reader.narrow(gelu(reader.widen(norm(reader.norm, f)))))
    return out


def sdt(module, rows, speakers):
    """Of the module in eval mode the teacher's logits; while it trains the students' behind them."""
    size = module.classifier.in_features
    people = [min(number, module.parties - 1) for number in numbers(speakers)]
    x = {
        name: [
            module.embed[name].weight @ alone(row, name) + place(t, size) + module.speakers.weight[people[t]]
            for t, row in enumerate(rows)
        ]
        for name in module.modalities
    }
    streams = {}
    for name in module.modalities:
        stream, found = module.streams[name], []
        for other in module.modalities:
            heard = [t for t, row in enumerate(rows) if row[other][1]]
            read_states = transformer(stream.readers[other], x[name], x[other], heard)
            found.append([torch.sigmoid(stream.gates[other].weight @ state) * state for state in read_states])
        streams[name] = [stream.out(torch.cat(parts)) for parts in zip(*found, strict=True)]
    teacher, students = [], {name: [] for name in module.modalities}
    for t in range(len(rows)):
        gates = {name: (module.gate.weight @ streams[name][t]).exp() for name in module.modalities}
        fused = sum(gates[name] / sum(gates.values()) * streams[name][t] for name in module.modalities)
        teacher.append(module.classifier(fused))
        for name, logits in students.items():
            logits.append(module.students[name](streams[name][t].clamp(min=0)))
    if not module.training:
        return torch.stack(teacher)
    return torch.stack([torch.stack(logits) for logits in (teacher, *students.values())])


def keca(module, rows, speakers):
    out = []
    for row in rows:
        parts = []
        for name in module.modalities:
            kernel = module.kernels[name]
            x, width, found = row[name][0].tolist(), float(kernel.width), torch.zeros(kernel.projection.shape[1])
            for support, weights in zip(kernel.supports.tolist(), kernel.projection, strict=True):
                square = sum((a - b) ** 2 for a, b in zip(x, support, strict=True))
                found = found + math.exp(-square / (2 * width**2)) * weights
            parts.append(found if row[name][1] else torch.zeros_like(found))
        out.append(module.classifier(torch.cat(parts)))
    return torch.stack(out)


def guide(module, frames):
    """State of the last frame, each frame reading those before it and itself; 0 of no frames."""
    if not len(frames):
        return torch.zeros(module.size)
    x = [math.sqrt(module.size) * module.enter(frame) + place(t, module.size) for t, frame in enumerate(frames)]
    for layer in module.layers:
        qkv = [layer.to_qkv(norm(layer.first, state)).chunk(3) for state in x]
        after = []
        for t, state in enumerate(x):
            keys, values = ([qkv[s][i] for s in range(t + 1)] for i in (1, 2))
            state = state + layer.out(read(qkv[t][0], keys, values, layer.heads))
            after.append(state + layer.narrow(layer.widen(norm(layer.second, state)).clamp(min=0)))
        x = after
    return norm(module.norm, x[-1])


def cross_modal(module, rows, speakers, words=None):
    """Of utterances whose modalities are one frame each, or those of `words` that many."""
    out = []
    for t, row in enumerate(rows):
        frames = {}
        for name in module.modalities:
            vector, here = row[name]
            several = words is not None and name in module.words
            frames[name] = (words[t][name] if several else vector[None]) if here else vector.new_zeros(0, len(vector))
        means = {name: sum(x, torch.zeros(x.shape[1])) / max(1, len(x)) for name, x in frames.items()}
        parts = []
        for g, x in module.pairs:
            found = means[x]
            if len(frames[g]) and len(frames[x]):
                block, s = module.blocks[f"{g} to {x}"], guide(module.guides[g], frames[g])
                scores = [block.score(torch.tanh(block.frame(frame) + block.guide(s))) for frame in frames[x]]
                found = found + weighted(scores, frames[x])
            parts.append(found)
        out.append(module.classifier(torch.cat([*parts, *means.values()])))
    return torch.stack(out)
