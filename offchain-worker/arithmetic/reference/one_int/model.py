"""The forward pass of one sequence, a token at a time."""

from dataclasses import dataclass

import numpy as np

from . import operators as op
from .container import Norm
from .integers import int64, quant


@dataclass
class Normed:
    """The input of a linear layer that is the norm of x."""

    x: np.ndarray
    norm: Norm

    def rounded(self):
        return op.rmsnorm(self.x, self.norm.gain, self.norm.exponent, self.norm.eps)


@dataclass
class Plain:
    """The input of a linear layer that is t, with f fraction bits."""

    t: np.ndarray
    f: int

    def rounded(self):
        a, s = quant(self.t)
        return a, 2**15, s - self.f - 15


class Sequence:
    """A sequence of a model with its KV cache.

    `watch(name, linear, source, rounded, y, f)` is told of every linear layer, before its bias.
    """

    def __init__(self, container, watch=lambda *_: None):
        self.model, self.watch, self.length = container, watch, 0
        self.keys, self.values = [[] for _ in container.layers], [[] for _ in container.layers]

    def feed(self, token):
        """(residual before the last norm, logits) of the next position."""
        model, h = self.model, self.model.header
        table = model.embedding
        x = op.embed(table.w[token], table.m[token], -(table.e[token] + h.F))
        for i, layer in enumerate(model.layers):
            x = op.add(x, self._attention(i, layer, x))
            x = op.add(x, self._feed_forward(i, layer, x))
        self.length += 1
        return x, self._linear("head", model.head, Normed(x, model.final_norm), 16)

    def _linear(self, name, linear, source, f, bias=None):
        rounded = source.rounded()
        y = op.linear(linear.w, linear.m, 16 + linear.e + f, *rounded)
        self.watch(name, linear, source, rounded, y, f)
        return y if bias is None else op.add(y, bias)

    def _attention(self, i, layer, x):
        source = Normed(x, layer.attention_norm)
        to_q, to_k = (layer.f_ql, layer.f_kl) if self.model.header.qk_norm else (layer.f_q + 1, layer.f_k + 1)
        q = self._rotated(self._linear(f"{i} q", layer.q, source, to_q, layer.q_bias), layer, "q")
        k = self._rotated(self._linear(f"{i} k", layer.k, source, to_k, layer.k_bias), layer, "k")
        v = op.clamp16(self._linear(f"{i} v", layer.v, source, layer.f_v, layer.v_bias))
        self.keys[i].append(k)
        self.values[i].append(v)
        o = self._heads(i, layer, q)
        return self._linear(f"{i} o", layer.o, Plain(o, layer.f_o), self.model.header.F)

    def _rotated(self, x, layer, which):
        model, t = self.model, self.length
        heads = np.split(x, x.size // model.header.head_dim)
        if model.header.qk_norm:
            norm, bits = getattr(layer, f"{which}_norm"), getattr(layer, f"f_{which}")
            bits = np.split(bits, len(heads))
            heads = [op.head_norm(y, norm.gain, norm.exponent, norm.eps, f) for y, f in zip(heads, bits)]
        return np.concatenate([op.rope(y, model.cos[t], model.sin[t]) for y in heads])

    def _heads(self, i, layer, q):
        h = self.model.header
        first = max(0, self.length + 1 - h.window) if h.window else 0
        keys, values = int64(self.keys[i][first:]), int64(self.values[i][first:])
        dim, out = h.head_dim, []
        for head in range(h.heads):
            own, shared = slice(head * dim, (head + 1) * dim), head * h.kv_heads // h.heads * dim
            key = slice(shared, shared + dim)
            c = layer.f_q[own] + layer.f_k[key]
            assert (c == c[0]).all()
            z = op.scores(q[own], keys[:, key], h.score_m, int(c[0]) - 16 - h.score_e)
            out.append(op.values(*op.softmax(z), values[:, key], 46 + layer.f_v[key] - layer.f_o))
        return np.concatenate(out)

    def _feed_forward(self, i, layer, x):
        source = Normed(x, layer.ffn_norm)
        g = self._linear(f"{i} gate", layer.gate, source, layer.f_gate)
        u = self._linear(f"{i} up", layer.up, source, layer.f_up)
        h = op.swiglu(g, u, layer.f_gate, layer.f_gate + layer.f_up - layer.f_h)
        return self._linear(f"{i} down", layer.down, Plain(h, layer.f_h), self.model.header.F)
