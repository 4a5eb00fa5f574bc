"""Signal to noise of every linear layer, in decibels, as JSON: what rounding its input to 16 bits costs.

The signal is the float64 product of the input before its rounding, with the same 8-bit weights. `product` is that of
the rounded input, `stored` what is left of it in the fraction bits of the output.

usage: python -m one_int.precision MODEL.one IDS.json    (a list of lists of token ids)
"""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from .container import Container
from .integers import rsh
from .model import Normed, Observer, Sequence


def unrounded(source):
    """The input of a linear layer in floats, from the integers that it is made of."""
    if not isinstance(source, Normed):
        return np.ldexp(source.t.astype(float), -source.f)
    norm, x = source.norm, source.x.astype(float)
    # Fraction bits of x cancel: eps is in the square of its unit.
    return x * np.ldexp(norm.gain.astype(float), -norm.exponent) / np.sqrt(np.mean(x * x) + norm.eps)


class Precision(Observer):
    """Sums signal and noise of every layer over all positions."""

    def __init__(self):
        self.signal, self.noise = Counter(), dict(product=Counter(), stored=Counter())

    def linear(self, name, linear, source, y, f):
        a, m_a, e_a = source.rounded
        weight = linear.w.astype(float)
        exact = np.ldexp(weight @ unrounded(source) * linear.m, linear.e)
        product = np.ldexp(weight @ a.astype(float) * rsh(linear.m * m_a, 16), 16 + linear.e + e_a)
        stored = np.ldexp(y.astype(float), -np.broadcast_to(f, y.shape))
        self.signal[name] += exact @ exact
        for kind, value in dict(product=product, stored=stored).items():
            self.noise[kind][name] += (value - exact) @ (value - exact)

    def decibels(self):
        level = lambda noise: {name: 10 * np.log10(self.signal[name] / noise[name]) for name in self.signal}
        return {kind: level(noise) for kind, noise in self.noise.items()}


def main():
    path, ids = map(Path, sys.argv[1:3])
    container, precision = Container(path.read_bytes()), Precision()
    for tokens in json.loads(ids.read_text()):
        sequence = Sequence(container, precision)
        for token in tokens:
            sequence.feed(token)
    print(json.dumps(precision.decibels()))


if __name__ == "__main__":
    main()
