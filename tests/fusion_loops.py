"""Slow, loop-written references: one utterance, one step at a time, from the weights of the modules under test."""

import math

import torch


def lstm(layer, x):
    """Hidden states (u, hidden) of one direction, by eqs (2)-(7)."""
    h = c = torch.zeros(layer.hidden_size)
    states = []
    for vector in x:
        gates = layer.weight_ih_l0 @ vector + layer.bias_ih_l0 + layer.weight_hh_l0 @ h + layer.bias_hh_l0
        i, f, g, o = gates.chunk(4)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        states.append(h)
    return states


def gru(layer, x):
    h = torch.zeros(layer.hidden_size)
    states = []
    for vector in x:
        r_x, z_x, n_x = (layer.weight_ih_l0 @ vector + layer.bias_ih_l0).chunk(3)
        r_h, z_h, n_h = (layer.weight_hh_l0 @ h + layer.bias_hh_l0).chunk(3)
        r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
        h = (1 - z) * torch.tanh(n_x + r * n_h) + z * h
        states.append(h)
    return states


def both_ways(layer, x):
    """Layer upon layer, each direction by itself: (u, 2 * hidden)."""
    for forwards, backwards in zip(layer.forwards, layer.backwards, strict=True):
        run = lstm if isinstance(forwards, torch.nn.LSTM) else gru
        there, back = run(forwards, list(x)), run(backwards, list(x)[::-1])[::-1]
        x = torch.stack([torch.cat(pair) for pair in zip(there, back, strict=True)])
    return x


def read(q, keys, values, heads):
    """What one query (d,) reads from keys and values, head by head, one weight at a time; 0 from nothing."""
    k = len(q) // heads
    attended = []
    for head in range(heads):
        part = slice(head * k, (head + 1) * k)
        scores = [float(q[part] @ key[part]) / math.sqrt(k) for key in keys]
        weights = [math.exp(score - max(scores)) for score in scores]
        found = [w / sum(weights) * value[part] for w, value in zip(weights, values, strict=True)]
        attended.append(sum(found, torch.zeros(k)))
    return torch.cat(attended)


def norm(layer, x):
    return (x - x.mean()) / torch.sqrt(x.var(unbiased=False) + layer.eps) * layer.weight + layer.bias


def joined(row):
    """All modalities of one utterance side by side, those missing as zeros."""
    return torch.cat([vector if here else torch.zeros_like(vector) for vector, here in row.values()])


def fusion(module, rows, speakers):
    f = both_ways(module.recurrent, [joined(row) for row in rows])
    if module.attention is None:
        return torch.stack([module.classifier(norm(module.norm, state)) for state in f])
    q, key, value = (f @ module.attention.to_qkv.weight.T + module.attention.to_qkv.bias).chunk(3, dim=1)
    out = []
    for t in range(len(f)):
        attended = module.attention.out(read(q[t], key, value, module.attention.heads))
        out.append(module.classifier(norm(module.norm, f[t] + attended if module.residual else attended)))
    return torch.stack(out)


def bc_lstm(module, rows, speakers):
    context = both_ways(module.recurrent, [joined(row) for row in rows])
    return torch.stack([module.classifier(module.dense(state).clamp(min=0)) for state in context])


def max_over_time(module, words):
    """Largest response of each kernel (maps of all widths) as it slides over the words and a margin of zeros."""
    pooled = []
    for convolution in module.parts:
        span, pad = convolution.kernel_size[0], convolution.padding[0]
        margin = [torch.zeros(convolution.in_channels)] * pad
        padded = torch.stack(margin + list(words) + margin)
        for kernel, bias in zip(convolution.weight, convolution.bias, strict=True):
            values = [(kernel.T * padded[i : i + span]).sum() + bias for i in range(len(padded) - span + 1)]
            pooled.append(torch.stack(values).clamp(min=0).max())
    return torch.stack(pooled)


def cnn(module, rows, speakers, words=None):
    out = []
    for t, row in enumerate(rows):
        pooled = []
        for name in module.words:
            here = row[name][1] and len(words[t][name])
            maps = max_over_time(module.convolutions[name], words[t][name]) if here else torch.zeros(150)
            pooled.append(maps)
        vectors = joined({name: row[name] for name in module.vectors})
        pooled.append(max_over_time(module.convolutions["vectors"], module.embed(vectors).reshape(module.spread, -1)))
        out.append(module.classifier(module.dense(torch.cat(pooled)).clamp(min=0)))
    return torch.stack(out)


def cmn(module, rows, speakers):
    x = [joined(row) for row in rows]
    out = []
    for t in range(len(x)):
        query = torch.tanh(module.embed(x[t]))
        sides = []
        for memory, is_own in ((module.own, True), (module.other, False)):
            past = [s for s in range(t) if (speakers[s] == speakers[t]) == is_own]
            level = [torch.tanh(state) for state in gru(memory.history, [x[s] for s in past])]
            levels = [level]
            for _ in range(module.hops):
                level = gru(memory.memory, level)
                levels.append(level)
            within = [i for i, s in enumerate(past) if t - s <= module.window]
            sides.append([[level[i] for i in within] for level in levels])
        for hop in range(module.hops):
            read = torch.zeros_like(query)
            for levels in sides:
                if levels[hop]:
                    weights = torch.softmax(torch.stack([query @ m for m in levels[hop]]), dim=0)
                    read = read + sum(w * m for w, m in zip(weights, levels[hop + 1], strict=True))
            query = torch.tanh(query + read)
        out.append(module.classifier(query))
    return torch.stack(out)


def alone(row, name):
    vector, here = row[name]
    return vector if here else torch.zeros_like(vector)


def mdre(module, rows, speakers):
    states = {name: both_ways(module.encoders[name], [alone(row, name) for row in rows]) for name in module.modalities}
    out = []
    for t in range(len(rows)):
        found = [states[name][t] for name in module.modalities]
        for name in module.modalities:
            for other in module.modalities:
                if other != name:
                    heard = [states[other][s] for s, row in enumerate(rows) if row[other][1]]
                    found.append(read(module.queries[name](states[name][t]), heard, heard, 1))
        out.append(module.classifier(module.dense(torch.cat(found)).clamp(min=0)))
    return torch.stack(out)


def bilstm_cnn(module, rows, speakers):
    parts = [both_ways(module.encoders[name], [alone(row, name) for row in rows]) for name in module.modalities]
    context = torch.cat(parts, dim=1)
    out = []
    for t in range(len(rows)):
        maps = []
        for convolution in module.convolutions:
            half = convolution.kernel_size[0] // 2
            total = convolution.bias.clone()
            for step in range(-half, half + 1):
                if 0 <= t + step < len(rows):
                    total = total + convolution.weight[:, :, step + half] @ context[t + step]
            maps.append(total.clamp(min=0))
        out.append(module.classifier(torch.cat(maps)))
    return torch.stack(out)


def place(t, size):
    values = []
    for i in range(0, size, 2):
        values += [math.sin(t / 10000 ** (i / size)), math.cos(t / 10000 ** (i / size))]
    return torch.tensor(values)


def dialogue_transformer(module, rows, speakers):
    size = module.classifier.in_features
    streams = {
        name: [module.embed[name](alone(row, name)) + place(t, size) for t, row in enumerate(rows)]
        for name in module.modalities
    }
    for layer in module.layers:
        pairs = [(name, s) for name in module.modalities for s, row in enumerate(rows) if row[name][1]]
        after = {}
        for name in module.modalities:
            block = layer[name]
            keys = [block.key(streams[other][s]) for other, s in pairs]
            values = [block.value(streams[other][s]) for other, s in pairs]
            after[name] = []
            for x in streams[name]:
                x = norm(block.norm, x + block.out(read(block.query(x), keys, values, block.heads)))
                wide = block.widen(x).clamp(min=0)
                after[name].append(norm(block.last_norm, x + block.narrow(wide)))
        streams = after
    out = []
    for t in range(len(rows)):
        dense = module.dense(torch.cat([streams[name][t] for name in module.modalities]))
        out.append(module.classifier(dense.clamp(min=0)))
    return torch.stack(out)


def speaker_fusion(module, rows, speakers):
    states = {name: both_ways(module.encoders[name], [alone(row, name) for row in rows]) for name in module.modalities}
    f = []
    for t, row in enumerate(rows):
        here = [name for name in module.modalities if row[name][1]]
        fused = torch.zeros(module.norm.normalized_shape)
        gates = [module.gates[name](states[name][t]).exp() for name in here]
        for name, gate in zip(here, gates, strict=True):
            fused = fused + gate / sum(gates) * torch.tanh(module.values[name](states[name][t]))
        f.append(fused)
    attention = module.attention
    if attention is None:
        return torch.stack([module.classifier(norm(module.norm, state)) for state in f])
    q, key, value = attention.to_qkv(torch.stack(f)).chunk(3, dim=1)
    out = []
    for t in range(len(rows)):
        found = []
        for group, looks_at in enumerate((lambda s, t: True, lambda s, t: s == t, lambda s, t: s != t)):
            part = slice(group * len(f[0]), (group + 1) * len(f[0]))
            seen = [s for s in range(len(rows)) if not module.speakers or looks_at(speakers[s], speakers[t])]
            found.append(read(q[t, part], key[seen][:, part], value[seen][:, part], module.heads))
        attended = attention.out(torch.cat(found))
        out.append(module.classifier(norm(module.norm, f[t] + attended if module.residual else attended)))
    return torch.stack(out)


def logistic_regression(module, rows, speakers):
    return torch.stack([module.classifier(joined(row)) for row in rows])


def inertia(module, rows, speakers):
    h = []
    for row in rows:
        parts = []
        for name in module.modalities:
            layer, (vector, there) = module.layers[name], row[name]
            found = (layer.weight @ vector + layer.bias).clamp(min=0)
            parts.append(found if there else torch.zeros_like(found))
        h.append(torch.cat(parts))
    out = []
    for t, own in enumerate(h):
        total, mean = 0.0, torch.zeros_like(own)
        for s, other in enumerate(h):
            if speakers[s] == speakers[t] or not module.speakers:
                weight = math.exp(-abs(t - s) / module.turns)
                total, mean = total + weight, mean + weight * other
        out.append(module.classifier((1 - module.lasts) * own + module.lasts * mean / total))
    return torch.stack(out)
