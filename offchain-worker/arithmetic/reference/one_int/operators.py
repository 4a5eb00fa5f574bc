"""The operators of the forward pass, for one token."""

from math import isqrt

import numpy as np

from .functions import exp2, sigmoid
from .integers import LIMIT16, LIMIT32, LIMIT_ROPE, below, halves, inner, peak, product, quant, rsh, sat32, scale


def embed(row, m, shift):
    """A row of the embedding as residual; `shift` is -(e_w + F)."""
    return scale(product(row, m, 2**23), shift)


def linear(w, m_w, shift, a, m_a, e_a, bias=None):
    """y [rows] of w [rows, inputs]; `shift` is 16 + e_w + f of each row."""
    hi, lo = halves(a)
    sums = 256 * inner(w, hi, 2**31) + inner(w, lo, 2**31)
    m = rsh(product(m_w, m_a, 2**32), 16)
    assert 2**14 <= m.min() and m.max() <= 65_534
    y = scale(product(below(sums, 2**39), m, 2**55), -(shift + int(e_a)))
    return y if bias is None else add(y, bias)


def rmsnorm(x, gain, e_gain, eps):
    """(a, m, e): x normalised, elements of 16 bits and one scale m 2^e."""
    bits = peak(x).bit_length()
    s1, s0 = max(0, bits - 15), max(0, bits - 16)
    m, e = _inverse_root(below(rsh(x, s1), 2**15 + 1), (x.size * eps) >> (2 * s1))
    t = below(rsh(product(x, gain, 2**46), s0), 2**31)
    a, s2 = quant(t)
    return a, m, s0 + s2 - s1 - e_gain + e


def _inverse_root(xs, eps):
    """(m, e) near 1 / sqrt(mean(xs^2 + eps)); unbounded integers, each shown to fit 64 bits."""
    total = int(inner(xs, xs, 2**46 + 1))
    d = max(1, total + eps)
    assert d < 2**64
    k = (64 - d.bit_length()) >> 1
    inverse = 2**62 // isqrt((d << 2 * k) // xs.size)
    assert d << 2 * k < 2**64 and 2**30 <= inverse <= 2**39
    n = inverse.bit_length() - 16
    return inverse >> n, k - 62 + n


def head_norm(x, gain, e_gain, eps, f):
    """QK-norm of one head, to f + 1 fraction bits of each channel."""
    a, m, e = rmsnorm(x, gain, e_gain, eps)
    return scale(product(a, m, 2**31), -(e + f + 1))


def rope(x, cos, sin):
    """One head, rotated by the angles of its position, with one fraction bit less."""
    left, right = np.split(np.clip(x, -LIMIT_ROPE, LIMIT_ROPE), 2)
    turned = [left * cos - right * sin, right * cos + left * sin]
    return clamp16(rsh(below(np.concatenate(turned), 2**31), 15))


def clamp16(x):
    return np.clip(x, -LIMIT16, LIMIT16)


def scores(q, keys, m, shift):
    """Base-2 logits in Q16 of q [dim] against keys [n, dim]; `shift` is C - 16 - e_s."""
    (q_hi, q_lo), (k_hi, k_lo) = halves(q), halves(keys)
    cross = inner(k_hi, q_lo, 2**31) + inner(k_lo, q_hi, 2**31)
    sums = 65_536 * inner(k_hi, q_hi, 2**31) + 256 * cross + inner(k_lo, q_lo, 2**31)
    return scale(product(below(sums, 2**38), m, 2**54), shift)


def softmax(z):
    """(p, den): unnormalised probabilities in Q22, and their sum."""
    p = rsh(exp2(below(z.max() - z, 2**32)), 8)
    return below(p, 2**22 + 1), int(p.sum())


def values(p, den, v, shift):
    """sum p v / den of v [n, dim]; `shift` is 46 + f_v - f_o of each channel."""
    acc = inner(p, v, 2 ** (den.bit_length() + 15))
    b = max(0, den.bit_length() - 31)
    return scale(product(rsh(acc, b), 2**46 // (den >> b), 2**62), shift)


def swiglu(g, u, f_gate, shift):
    """g sigmoid(g) u; `shift` is f_gate + f_up - f_h."""
    w = below(rsh(product(g, sigmoid(g, f_gate), 2**46 + 1), 15), 2**31)
    return scale(product(w, u, 2**62), shift)


def add(x, y):
    """The residual stream, and biases."""
    return sat32(below(x, LIMIT32 + 1) + below(y, LIMIT32 + 1))


def argmax(x):
    """The lowest index of the maximum."""
    return int(np.argmax(x))
