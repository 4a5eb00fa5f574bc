"""Feeds sequences of token ids to a model, and prints what the engine must agree with, as JSON.

usage: python -m one_int MODEL.one IDS.json    (a list of lists of token ids)
"""

import json
import sys
from pathlib import Path

from .container import Container
from .hashes import blake2_256, residual_hash, trace_root
from .model import Sequence
from .operators import argmax
from .trace import Trace


def evaluate(container, ids):
    trace = Trace()
    steps = list(map(Sequence(container, trace).feed, ids))
    residuals = [residual_hash(x) for x, _ in steps]
    return dict(
        argmax=[argmax(logits) for _, logits in steps],
        logits=[blake2_256(logits.astype("<i4").tobytes()).hex() for _, logits in steps],
        residuals=[residual.hex() for residual in residuals],
        trace_root=trace_root(residuals).hex(),
        full_trace_root=trace.root().hex(),
    )


def main():
    path, ids = map(Path, sys.argv[1:3])
    container = Container(path.read_bytes())
    sequences = [evaluate(container, ids) for ids in json.loads(ids.read_text())]
    print(json.dumps(dict(root=container.root.hex(), sequences=sequences)))


if __name__ == "__main__":
    main()
