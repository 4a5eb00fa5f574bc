"""Hashes and Merkle roots of containers, requests, results and traces."""

from hashlib import blake2b

import numpy as np

from .sampling import GREEDY

ARITHMETIC_ID = 1
PUBLIC = bytes(32)
RESULT_TILE = 256


def blake2_256(data):
    return blake2b(data, digest_size=32).digest()


def tagged(what, *parts):
    return blake2_256(b"".join([b"ONE-INT/1 ", what.encode(), *parts]))


def u32(*numbers):
    return np.array(numbers, dtype="<u4").tobytes()


def listed(numbers):
    return u32(len(numbers), *numbers)


def merkle(what, key, level):
    """The root of `level`; an odd node is promoted, none at all is None."""
    while len(level) > 1:
        pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
        level = [tagged(what, key, *pair) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0] if level else None


def model_root(tiles):
    leaves = [tagged("model leaf", tile) for tile in tiles]
    return tagged("model root", u32(len(leaves)), merkle("model node", b"", leaves))


def request_hash(root, prompt, max_tokens, sampling=GREEDY, seed=bytes(32), stops=(), secret=PUBLIC):
    parts = [secret, root, u32(ARITHMETIC_ID), listed(prompt), u32(max_tokens), u32(*sampling), seed]
    return tagged("request", *parts, u32(len(stops)), *map(listed, stops))


def result_hash(ids, secret=PUBLIC):
    tiles = [ids[i : i + RESULT_TILE] for i in range(0, len(ids), RESULT_TILE)]
    leaves = [tagged("result leaf", secret, u32(i), listed(tile)) for i, tile in enumerate(tiles)]
    return merkle("result node", secret, leaves) or tagged("empty", secret)


def residual_hash(x):
    return blake2_256(x.astype("<i4").tobytes())


def trace_root(residuals, secret=PUBLIC):
    leaves = [tagged("trace leaf", secret, u32(i), residual) for i, residual in enumerate(residuals)]
    return merkle("trace node", secret, leaves) or tagged("empty", secret)
