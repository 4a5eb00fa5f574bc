"""The forward pass of one sequence, a token at a time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from . import operators as op
from .container import Norm
from .integers import int64, quant


@dataclass
class Normed:
    """The input of a linear layer that is the norm of x."""

    x: np.ndarray
    norm: Norm

    @cached_property
    def rounded(self):
        """(a, m_a, e_a)"""
        return op.rmsnorm(self.x, self.norm.gain, self.norm.exponent, self.norm.eps)


@dataclass
class Plain:
    """The input of a linear layer that is t, with f fraction bits."""

    t: np.ndarray
    f: int

    @cached_property
    def rounded(self):
        """(a, m_a, e_a)"""
        a, s = quant(self.t)
        return a, 2**15, s - self.f - 15


class Observer:
    """Is told what a pass computes; this one does not care."""

    def linear(self, name, linear, source, y, f):
        """y is the product of a linear layer and its source, with f fraction bits, before its bias."""

    def traced(self, position, stage, operator, *numbers):
        """What an operator of the trace gave, as arrays of the types that are hashed."""


class Sequence:
    """A sequence of a model with its KV cache."""

    def __init__(self, container, observer=Observer()):
        self.model, self.observer, self.length = container, observer, 0
        self.keys, self.values = [[] for _ in container.layers], [[] for _ in container.layers]

    def feed(self, token):
        """(residual before the last norm, logits) of the next position."""
        model, h = self.model, self.model.header
        table = model.embedding
        x = op.embed(table.w[token], table.m[token], -(table.e[token] + h.F))
        self._trace(0, "embed", x, "<i4")
        for i, layer in enumerate(model.layers):
            x = op.add(x, self._attention(i, layer, x))
            self._trace(i + 1, "attention_output", x, "<i4")
            x = op.add(x, self._feed_forward(i, layer, x))
            self._trace(i + 1, "ffn_output", x, "<i4")
        source = self._normed(h.layers + 1, "final_norm", x, model.final_norm)
        logits = self._linear("head", model.head, source, 16)
        self._trace(h.layers + 1, "logits", logits, "<i4")
        self.length += 1
        return x, logits

    def _trace(self, stage, operator, x, dtype):
        self.observer.traced(self.length, stage, operator, np.asarray(x).astype(dtype))

    def _normed(self, stage, operator, x, norm):
        source = Normed(x, norm)
        a, m, e = source.rounded
        scale = np.array([m], "<u4"), np.array([e], "<i4")
        self.observer.traced(self.length, stage, operator, *scale, a.astype("<i2"))
        return source

    def _linear(self, name, linear, source, f, bias=None):
        y = op.linear(linear.w, linear.m, 16 + linear.e + f, *source.rounded)
        self.observer.linear(name, linear, source, y, f)
        return y if bias is None else op.add(y, bias)

    def _attention(self, i, layer, x):
        source = self._normed(i + 1, "attention_norm", x, layer.attention_norm)
        to_q, to_k = (layer.f_ql, layer.f_kl) if self.model.header.qk_norm else (layer.f_q + 1, layer.f_k + 1)
        q = self._rotated(self._linear(f"{i} q", layer.q, source, to_q, layer.q_bias), layer, "q")
        k = self._rotated(self._linear(f"{i} k", layer.k, source, to_k, layer.k_bias), layer, "k")
        v = op.clamp16(self._linear(f"{i} v", layer.v, source, layer.f_v, layer.v_bias))
        for name, heads in dict(q=q, k=k, v=v).items():
            self._trace(i + 1, name, heads, "<i2")
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
        heads = [self._head(layer, head, q, keys, values) for head in range(h.heads)]
        z, p, den, o = zip(*heads)
        self._trace(i + 1, "scores", z, "<i4")
        self.observer.traced(self.length, i + 1, "softmax", np.array(p, "<u4"), np.array(den, "<u8"))
        self._trace(i + 1, "values", o, "<i4")
        return np.concatenate(o)

    def _head(self, layer, head, q, keys, values):
        """(z, p, den, o) of a query head."""
        h, dim = self.model.header, self.model.header.head_dim
        own, shared = head * dim, head * h.kv_heads // h.heads * dim
        own, shared = slice(own, own + dim), slice(shared, shared + dim)
        c = layer.f_q[own] + layer.f_k[shared]
        assert (c == c[0]).all()
        z = op.scores(q[own], keys[:, shared], h.score_m, int(c[0]) - 16 - h.score_e)
        p, den = op.softmax(z)
        return z, p, den, op.values(p, den, values[:, shared], 46 + layer.f_v[shared] - layer.f_o)

    def _feed_forward(self, i, layer, x):
        source = self._normed(i + 1, "ffn_norm", x, layer.ffn_norm)
        g = self._linear(f"{i} gate", layer.gate, source, layer.f_gate)
        u = self._linear(f"{i} up", layer.up, source, layer.f_up)
        h = op.swiglu(g, u, layer.f_gate, layer.f_gate + layer.f_up - layer.f_h)
        for name, numbers in dict(gate=g, up=u, swiglu=h).items():
            self._trace(i + 1, name, numbers, "<i4")
        return self._linear(f"{i} down", layer.down, Plain(h, layer.f_h), self.model.header.F)
