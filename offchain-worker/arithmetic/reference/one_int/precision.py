"""Signal to noise of the product of every linear layer, as JSON: what 16 bits for its input cost.

The reference is the float64 product of the input before its rounding, with the same 8-bit weights.

usage: python -m one_int.precision MODEL.one IDS.json    (a list of lists of token ids)
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

from .container import Container
from .model import Normed, Sequence


def unrounded(source):
    """The input of a linear layer in floats, from the integers that it is made of."""
    if not isinstance(source, Normed):
        return np.ldexp(source.t.astype(float), -source.f)
    norm, x = source.norm, source.x.astype(float)
    # Fraction bits of x cancel: eps is in the square of its unit.
    return x * np.ldexp(norm.gain.astype(float), -norm.exponent) / np.sqrt(np.mean(x * x) + norm.eps)


class Watch:
    """Sums signal and noise of every layer over all positions."""

    def __init__(self):
        self.signal, self.noise = defaultdict(float), defaultdict(float)

    def __call__(self, name, linear, source, y, f):
        exact = np.ldexp(linear.w.astype(float), linear.e[:, None]) @ unrounded(source) * linear.m
        error = np.ldexp(y.astype(float), -np.broadcast_to(f, y.shape)) - exact
        self.signal[name] += float(exact @ exact)
        self.noise[name] += float(error @ error)

    def decibels(self):
        return {name: 10 * np.log10(self.signal[name] / self.noise[name]) for name in self.signal}


def main():
    path, ids = map(Path, sys.argv[1:3])
    container, watch = Container(path.read_bytes()), Watch()
    for tokens in json.loads(ids.read_text()):
        sequence = Sequence(container, watch)
        for token in tokens:
            sequence.feed(token)
    print(json.dumps(watch.decibels()))


if __name__ == "__main__":
    main()
