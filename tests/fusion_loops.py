"""Slow, loop-written references: one utterance, one step at a time, from the weights of the modules under test."""

import math

import torch


def lstm(layer, x, *, reverse=False, depth=0):
    """Hidden states (u, hidden) of one direction of one layer, by eqs (2)-(7)."""
    ending = f"_l{depth}" + ("_reverse" if reverse else "")
    w_x, w_h, b_x, b_h = (getattr(layer, name + ending) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    h = c = torch.zeros(layer.hidden_size)
    states = [None] * len(x)
    for t in reversed(range(len(x))) if reverse else range(len(x)):
        i, f, g, o = (w_x @ x[t] + b_x + w_h @ h + b_h).chunk(4)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        states[t] = h
    return torch.stack(states)


def bi_lstm(layer, x):
    for depth in range(layer.num_layers):
        x = torch.cat([lstm(layer, x, depth=depth), lstm(layer, x, reverse=True, depth=depth)], dim=1)
    return x


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


def joined(features, present, sequence, u):
    """Inputs of one sequence's first u utterances, missing modalities as zeros: (u, d)."""
    rows = []
    for t in range(u):
        parts = []
        for m, values in enumerate(features.values()):
            vector = values[sequence, t]
            parts.append(vector if present[sequence, t, m] else torch.zeros_like(vector))
        rows.append(torch.cat(parts))
    return torch.stack(rows)


def fusion(module, x, speakers):
    f = bi_lstm(module.recurrent, x)
    heads, k = module.attention.heads, f.shape[1] // module.attention.heads
    q, key, value = (f @ module.attention.to_qkv.weight.T + module.attention.to_qkv.bias).chunk(3, dim=1)
    out = []
    for t in range(len(f)):
        attended = []
        for head in range(heads):
            part = slice(head * k, (head + 1) * k)
            scores = [float(q[t, part] @ key[s, part]) / math.sqrt(k) for s in range(len(f))]
            top = max(scores)
            weights = [math.exp(score - top) for score in scores]
            attended.append(sum(w / sum(weights) * value[s, part] for s, w in enumerate(weights)))
        h = f[t] + module.attention.out(torch.cat(attended))
        h = (h - h.mean()) / torch.sqrt(h.var(unbiased=False) + module.norm.eps) * module.norm.weight + module.norm.bias
        out.append(module.classifier(h))
    return torch.stack(out)


def bc_lstm(module, x, speakers):
    context = bi_lstm(module.recurrent, x)
    return torch.stack([module.classifier(module.dense(state).clamp(min=0)) for state in context])


def cnn(module, x, speakers):
    out = []
    for vector in x:
        pooled = []
        words = module.embed(vector).reshape(-1, module.words).T  # (words, width)
        for convolution in module.convolutions:
            span, pad = convolution.kernel_size[0], convolution.padding[0]
            padded = torch.cat([torch.zeros(pad, words.shape[1]), words, torch.zeros(pad, words.shape[1])])
            for kernel, bias in zip(convolution.weight, convolution.bias, strict=True):
                values = [(kernel.T * padded[i : i + span]).sum() + bias for i in range(len(padded) - span + 1)]
                pooled.append(torch.stack(values).clamp(min=0).max())
        out.append(module.classifier(module.dense(torch.stack(pooled)).clamp(min=0)))
    return torch.stack(out)


def cmn(module, x, speakers):
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
