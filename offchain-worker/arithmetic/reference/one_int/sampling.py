"""The choice of the next token, in integers of the request."""

from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from .functions import exp2
from .integers import int64, sat32


class Sampling(NamedTuple):
    temperature: int  # thousandths, 0 is greedy
    top_k: int  # 0 is all
    top_p: int  # ten-thousandths, 10,000 is all
    repetition_penalty: int  # thousandths, 1,000 is none


GREEDY = Sampling(0, 0, 10_000, 1_000)


def penalised(logits, seen, penalty):
    """Logits after the repetition penalty on every id that has occurred."""
    out = logits.copy()
    for token in set(seen):
        l = int(out[token])
        out[token] = sat32(int64(l * 1000 // penalty if l >= 0 else -(-l * penalty // 1000)))
    return out


def weights(logits, temperature):
    """Unnormalised probabilities in Q30 of sorted logits, the largest first."""
    inverse = 94_548_000 // temperature
    n = [min(2**32 - 1, (int(logits[0] - l) * inverse) >> 16) for l in logits]
    assert int(logits[0] - logits[-1]) * inverse < 2**64
    return exp2(int64(n))


def uniform(seed, position):
    """64 uniform bits for the token at `position`."""
    digest = blake2b(b"ONE-INT/1 sample" + seed + position.to_bytes(4, "little"), digest_size=32).digest()
    return int.from_bytes(digest[:8], "little")


def choose(logits, seen, sampling, seed, position):
    """The token at `position`, after the ids `seen`."""
    logits = penalised(logits, seen, sampling.repetition_penalty)
    order = np.lexsort((np.arange(logits.size), -logits))
    if sampling.temperature == 0:
        return int(order[0])
    order = order[: sampling.top_k or None]
    sums = np.cumsum(weights(logits[order], sampling.temperature)).tolist()
    assert sums[-1] < 2**62
    kept = next(i for i, s in enumerate(sums) if 10_000 * s >= sampling.top_p * sums[-1])
    threshold = (uniform(seed, position) * sums[kept]) >> 64
    return int(order[next(i for i, s in enumerate(sums) if s > threshold)])
