"""The base-2 exponential and the logistic function."""

from hashlib import blake2b
from math import isqrt

import numpy as np

from .integers import below, int64, product, rsh


def _root256(n):
    for _ in range(8):
        n = isqrt(n)
    return n


# round(2^(i/256) 2^30): no value lies near a half, so the floor of twice the root decides.
TABLE = int64([(_root256(2 ** (i + 256 * 31)) + 1) // 2 for i in range(257)])
assert blake2b(TABLE.astype("<u4").tobytes(), digest_size=32).hexdigest().startswith("98d008b693c10dee")


def exp2(n):
    """2^(-n / 2^16) in Q30, for 0 <= n < 2^32."""
    n = int64(n)
    assert n.min() >= 0 and n.max() < 2**32
    whole, fraction = np.minimum(n >> 16, 31), n & 0xFFFF
    g = 65_536 - fraction
    i, r = np.minimum(g >> 8, 255), g & 255
    v = TABLE[i] + (((TABLE[i + 1] - TABLE[i]) * r) >> 8)
    between = v >> (whole + 1)
    return np.where(whole >= 31, 0, np.where(fraction == 0, 2**30 >> whole, between))


def sigmoid(g, f):
    """1 / (1 + e^-g) in Q15, for g with f fraction bits, 12 <= f <= 20."""
    g = int64(g)
    a = np.minimum(rsh(np.abs(g), f - 12), 81_920)
    e = rsh(exp2(below(a * 23_637, 2**32) >> 10), 14)
    d = 65_536 + e
    s = below(2**31 + (d >> 1), 2**32) // d
    return np.where(g >= 0, s, rsh(product(e, s, 2**32), 16))
