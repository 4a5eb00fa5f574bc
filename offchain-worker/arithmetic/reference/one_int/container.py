"""The container of a model: its sections, its Merkle root and its numbers."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from .hashes import ARITHMETIC_ID, model_root
from .integers import int64

VERSION, TILE = 2, 128 << 10
FIELDS = (
    "version arithmetic layers hidden ffn heads kv_heads head_dim vocab context tied qkv_bias qk_norm window F "
    "eps_low eps_high score_m score_e bos eos template tokenizer stops"
).split()


@dataclass
class Linear:
    """Weights [rows, inputs] of 8 bits, one scale m 2^e per row."""

    w: np.ndarray
    m: np.ndarray
    e: np.ndarray


@dataclass
class Norm:
    """A gain g 2^-exponent, and round(epsilon 2^(2 f)) of what it normalises."""

    gain: np.ndarray
    exponent: int
    eps: int


class Container:
    """A container in memory, read from front to back; `root` is that of its bytes."""

    def __init__(self, data):
        self.data, self.at, self.tiles = data, 0, []
        self.header = self._header()
        self.stops = self._numbers("<u4", self.header.stops)
        h, texts = self.header, ("bos", "eos", "template", "tokenizer")
        self.texts = {name: self._section(getattr(h, name)) for name in texts}
        self.cos, self.sin = (self._numbers("<i2", h.context, h.head_dim // 2) for _ in range(2))
        self.embedding = self._linear(h.vocab, h.hidden)
        self.layers = [self._layer() for _ in range(h.layers)]
        self.final_norm = self._norm(h.hidden, h.eps)
        self.head = self.embedding if h.tied else self._linear(h.vocab, h.hidden)
        self.root = model_root(self.tiles)
        assert self.data[self.at :] == self.root, "the file does not end in the root of its bytes"

    def _section(self, size, tile=TILE):
        section = self.data[self.at : self.at + size]
        assert len(section) == size, "the file is too short"
        self.at += size
        self.tiles += [section[i : i + tile] for i in range(0, size, tile)]
        return section

    def _numbers(self, dtype, *shape):
        size = np.dtype(dtype).itemsize * int(np.prod(shape))
        return int64(np.frombuffer(self._section(size), dtype).reshape(shape))

    def _header(self):
        raw = self._section(8 + 4 * len(FIELDS))
        assert raw[:8] == b"ONEMODEL"
        h = SimpleNamespace(**dict(zip(FIELDS, np.frombuffer(raw[8:], "<u4").tolist())))
        assert (h.version, h.arithmetic) == (VERSION, ARITHMETIC_ID)
        h.eps, h.score_e = h.eps_low | h.eps_high << 32, h.score_e - (h.score_e >> 31 << 32)
        h.q_size, h.kv_size = h.heads * h.head_dim, h.kv_heads * h.head_dim
        check(h)
        return h

    def _norm(self, size, eps):
        raw = self._section(4 + 2 * size)
        gain = int64(np.frombuffer(raw[4:], "<i2"))
        assert 2**14 <= np.abs(gain).max() < 2**15 and eps < 2**47
        return Norm(gain, int(np.frombuffer(raw[:4], "<i4")[0]), eps)

    def _linear(self, rows, inputs):
        raw = self._section(3 * rows)
        m, e = int64(np.frombuffer(raw[: 2 * rows], "<u2")), int64(np.frombuffer(raw[2 * rows :], "i1"))
        tile_rows = 1 << (max(1, TILE // inputs).bit_length() - 1)
        w = int64(np.frombuffer(self._section(rows * inputs, tile_rows * inputs), "i1"))
        assert m.min() >= 2**15 and np.abs(w).max() <= 127
        return Linear(w.reshape(rows, inputs), m, e)

    def _layer(self):
        h = self.header
        layer = SimpleNamespace(**self._fraction_bits())
        layer.attention_norm, layer.ffn_norm = self._norm(h.hidden, h.eps), self._norm(h.hidden, h.eps)
        parts = [h.q_size, h.q_size + h.kv_size]
        biases = np.split(self._numbers("<i4", h.q_size + 2 * h.kv_size), parts) if h.qkv_bias else [None] * 3
        layer.q_bias, layer.k_bias, layer.v_bias = biases
        if h.qk_norm:
            self._qk_norm(layer)
        sizes = dict(q=(h.q_size, h.hidden), k=(h.kv_size, h.hidden), v=(h.kv_size, h.hidden))
        sizes |= dict(o=(h.hidden, h.q_size), gate=(h.ffn, h.hidden), up=(h.ffn, h.hidden), down=(h.hidden, h.ffn))
        for name, size in sizes.items():
            setattr(layer, name, self._linear(*size))
        return layer

    def _fraction_bits(self):
        h = self.header
        sizes = dict(f_o=1, f_gate=1, f_up=1, f_h=1, f_q=h.q_size, f_k=h.kv_size, f_v=h.kv_size)
        bits = np.split(self._numbers("i1", sum(sizes.values())), np.cumsum(list(sizes.values()))[:-1])
        named = dict(zip(sizes, bits))
        assert all(12 <= named[name].min() and named[name].max() <= 20 for name in ("f_o", "f_gate", "f_up", "f_h"))
        for pairs in (named["f_q"], named["f_k"]):
            left, right = np.moveaxis(pairs.reshape(-1, 2, h.head_dim // 2), 1, 0)
            assert (left == right).all(), "the channels of a RoPE pair differ"
        return {name: int(f[0]) if sizes[name] == 1 else f for name, f in named.items()}

    def _qk_norm(self, layer):
        raw, dim = self._section(18), self.header.head_dim
        layer.f_ql, layer.f_kl = np.frombuffer(raw[:2], "i1").tolist()
        eps_q, eps_k = np.frombuffer(raw[2:], "<u8").tolist()
        layer.q_norm, layer.k_norm = self._norm(dim, eps_q), self._norm(dim, eps_k)


def check(h):
    """The limits within which every width is proven."""
    assert 1 <= h.hidden <= 65_535 and 1 <= h.ffn <= 131_072 and 1 <= h.q_size <= 131_072
    assert h.heads % h.kv_heads == 0 and h.head_dim % 2 == 0 and 2 <= h.head_dim <= 256
    assert 1 <= h.context <= 131_072 and 1 <= h.vocab <= 2**18 and h.window < h.context
    assert 8 <= h.F <= 20 and 2**15 <= h.score_m < 2**16 and abs(h.score_e) <= 64 and h.eps < 2**47
    assert {h.tied, h.qkv_bias, h.qk_norm} <= {0, 1}
