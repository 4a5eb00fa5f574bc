"""Rounding, saturation and products of int64 that are shown to fit."""

import numpy as np

LIMIT16, LIMIT32, LIMIT_ROPE = 32_639, 2**31 - 1, 65_535


def int64(x):
    return np.asarray(x, dtype=np.int64)


def peak(x):
    """The largest magnitude, as an unbounded integer; 0 for no element."""
    return max(int(x.max()), -int(x.min())) if x.size else 0


def below(x, limit):
    """x, no magnitude of which reaches `limit`."""
    assert peak(x) < limit, f"{peak(x)} is not below {limit}"
    return x


def product(a, b, limit):
    """a b, element by element, below `limit`."""
    a, b = int64(a), int64(b)
    assert peak(a) * peak(b) < 2**63
    return below(a * b, limit)


def inner(a, b, limit):
    """a @ b below `limit`; no partial sum of it can leave 63 bits."""
    assert a.shape[-1] * peak(a) * peak(b) < 2**63
    return below(a @ b, limit)


def rsh(x, s):
    """x / 2^s rounded half up, for 0 <= s <= 62."""
    x, s = int64(x), int64(s)
    assert s.min() >= 0 and s.max() <= 62
    return (x >> s) + np.where(s > 0, (x >> np.maximum(s - 1, 0)) & 1, 0)


def sat32(x):
    return np.clip(x, -LIMIT32, LIMIT32)


def scale(x, s):
    """x / 2^s rounded and saturated to 32 bits, for any s."""
    x, s = np.broadcast_arrays(int64(x), int64(s))
    right = sat32(rsh(x, np.clip(s, 0, 62)))
    left = sat32(sat32(x) << np.clip(-s, 0, 31))
    return np.where(s > 62, 0, np.where(s >= 0, right, left))


def quant(t):
    """(a, s): t rounded to 16 bits by the least shift s that holds its largest magnitude."""
    s = max(0, peak(t).bit_length() - 15)
    if rsh(peak(t), s) > LIMIT16:
        s += 1
    return below(rsh(t, s), LIMIT16 + 1), s


def halves(a):
    """(hi, lo) with a = 256 hi + lo, both of 8 bits."""
    hi = (below(a, LIMIT16 + 1) + 128) >> 8
    lo = a - 256 * hi
    assert -127 <= hi.min() and hi.max() <= 127 and -128 <= lo.min() and lo.max() <= 127
    return hi, lo
