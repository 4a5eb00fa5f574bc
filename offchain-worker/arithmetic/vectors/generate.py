#!/usr/bin/env python3
"""Writes the golden vectors of ONE-INT/1, one file per operator, from its rules in unbounded integers.

usage: generate.py    (writes beside itself; the same bytes every time)

Nothing here is shared with the Rust crate: rounding is a floor of an exact sum, square roots and the table of exp2 are
integer roots, and every width that the rules promise is asserted.
"""
import json
from hashlib import blake2b
from math import isqrt
from pathlib import Path

LIMIT16, LIMIT32, LIMIT_ROPE = 32639, 2**31 - 1, 65535


class Draw:
    """A small generator of its own, so that the vectors do not depend on a library."""

    def __init__(self, seed):
        self.state = seed

    def word(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return self.state >> 33

    def between(self, low, high):
        return low + (self.word() << 31 | self.word()) % (high - low + 1)

    def signed(self, bits):
        return self.between(-(2**bits - 1), 2**bits - 1)

    def vector(self, n, bits):
        return [self.signed(bits) for _ in range(n)]


def clamp(x, limit):
    return max(-limit, min(limit, x))


def rsh(x, s):
    return x if s == 0 else (x + 2 ** (s - 1)) // 2**s


def scale(x, s):
    if s > 62:
        return 0
    if s >= 0:
        return clamp(rsh(x, s), LIMIT32)
    return clamp(clamp(x, LIMIT32) * 2 ** min(-s, 31), LIMIT32)


def quant(t):
    s, top = 0, max(map(abs, t))
    while rsh(top, s) > LIMIT16:
        s += 1
    a = [rsh(x, s) for x in t]
    assert all(abs(x) <= LIMIT16 for x in a)
    return a, s


def halves(a):
    hi = (a + 128) // 256
    lo = a - 256 * hi
    assert -127 <= hi <= 127 and -128 <= lo <= 127
    return hi, lo


def root256(n):
    """floor(n^(1/256))"""
    for _ in range(8):
        n = isqrt(n)
    return n


TABLE = [(root256(2 ** (i + 256 * 31)) + 1) // 2 for i in range(257)]


def exp2(n):
    ip, f = n // 65536, n % 65536
    if ip >= 31:
        return 0
    if f == 0:
        return 2**30 // 2**ip
    i, r = divmod(65536 - f, 256)
    v = TABLE[i] + ((TABLE[i + 1] - TABLE[i]) * r // 256 if r else 0)
    return v // 2 ** (ip + 1)


def sigmoid(g, f):
    a = min(rsh(abs(g), f - 12), 81920)
    e = rsh(exp2(a * 23637 // 1024), 14)
    s = (2**31 + (65536 + e) // 2) // (65536 + e)
    return s if g >= 0 else rsh(e * s, 16)


def linear(w, mw, shift, a, m_a, e_a):
    y = []
    for row, m_w, s in zip(w, mw, shift):
        hi = sum(x * halves(v)[0] for x, v in zip(row, a))
        lo = sum(x * halves(v)[1] for x, v in zip(row, a))
        assert abs(hi) < 2**31 and abs(lo) < 2**31
        m = rsh(m_w * m_a, 16)
        assert 2**14 <= m <= 65534
        y.append(scale((256 * hi + lo) * m, -(s + e_a)))
    return y


def rmsnorm(x, g, e_gain, eps):
    h, top = len(x), max(map(abs, x))
    b = top.bit_length()
    s1, s0 = max(0, b - 15), max(0, b - 16)
    total = sum(rsh(v, s1) ** 2 for v in x)
    d = max(1, total + h * eps // 4**s1)
    k = (64 - d.bit_length()) // 2
    inv = 2**62 // isqrt(d * 4**k // h)
    assert 2**30 <= inv <= 2**39
    n = inv.bit_length() - 16
    t = [rsh(v * w, s0) for v, w in zip(x, g)]
    assert all(abs(v) <= LIMIT32 for v in t)
    a, s2 = quant(t)
    return a, inv // 2**n, s0 + s2 - s1 - e_gain + k - 62 + n


def head_norm(x, g, e_gain, eps, f):
    a, m, e = rmsnorm(x, g, e_gain, eps)
    return [scale(v * m, -(e + bits + 1)) for v, bits in zip(a, f)]


def rope(x, cos, sin):
    half, x = len(cos), [clamp(v, LIMIT_ROPE) for v in x]
    left = [clamp(rsh(x[c] * cos[c] - x[c + half] * sin[c], 15), LIMIT16) for c in range(half)]
    right = [clamp(rsh(x[c + half] * cos[c] + x[c] * sin[c], 15), LIMIT16) for c in range(half)]
    return left + right


def attention(q, keys, values, m, score_shift, value_shift):
    z = [scale(m * sum(a * b for a, b in zip(q, k)), score_shift) for k in keys]
    p = [rsh(exp2(max(z) - v), 8) for v in z]
    den = sum(p)
    b = max(0, den.bit_length() - 31)
    r = 2**46 // (den // 2**b)
    o = []
    for c, s in enumerate(value_shift):
        acc = sum(w * v[c] for w, v in zip(p, values))
        assert abs(rsh(acc, b) * r) < 2**62
        o.append(scale(rsh(acc, b) * r, s))
    return z, p, den, o


def swiglu(g, u, f_gate, shift):
    return [scale(rsh(a * sigmoid(a, f_gate), 15) * b, shift) for a, b in zip(g, u)]


def uniform(seed, position):
    data = b"ONE-INT/1 sample" + seed + position.to_bytes(4, "little")
    return int.from_bytes(blake2b(data, digest_size=32).digest()[:8], "little")


def penalty(logit, thousandths):
    q = abs(logit) * 1000 // thousandths if logit >= 0 else abs(logit) * thousandths // 1000
    return clamp(q if logit >= 0 else -q, LIMIT32)


def sample(logits, seen, temperature, top_k, top_p, repetition_penalty, u):
    logits = [penalty(v, repetition_penalty) if i in seen else v for i, v in enumerate(logits)]
    order = sorted(range(len(logits)), key=lambda i: (-logits[i], i))
    if temperature == 0:
        return order[0]
    order = order[: top_k or None]
    inverse = 94548000 // temperature
    weights = [exp2(min(2**32 - 1, (logits[order[0]] - logits[i]) * inverse // 65536)) for i in order]
    kept, mass = 0, 0
    while 10000 * mass < top_p * sum(weights):
        mass += weights[kept]
        kept += 1
    assert 10000 * mass < 2**62
    theta, running = u * mass // 2**64, 0
    for i, weight in zip(order, weights):
        running += weight
        if running > theta:
            return i


def tagged(what, *parts):
    return blake2b(b"".join([b"ONE-INT/1 ", what.encode(), *parts]), digest_size=32).digest()


def u32(*numbers):
    return b"".join(number.to_bytes(4, "little") for number in numbers)


def listed(numbers):
    return u32(len(numbers), *numbers)


def tree(what, secret, leaves):
    """The promoting Merkle tree from its top: the left part is the largest power of two below the whole."""
    if len(leaves) < 2:
        return leaves[0] if leaves else tagged("empty", secret)
    half = 2 ** ((len(leaves) - 1).bit_length() - 1)
    return tagged(what, secret, tree(what, secret, leaves[:half]), tree(what, secret, leaves[half:]))


def rounding(draw):
    edges = [0, 1, -1, 2, -2, 3, -3, 2**31 - 1, -(2**31), 2**62, -(2**62), 2**63 - 1, -(2**63)]
    values = edges + [draw.signed(draw.between(1, 63)) for _ in range(20)]
    shifts = [0, 1, 2, 15, 31, 32, 61, 62]
    return [dict(x=str(x), s=s, y=str(rsh(x, s))) for x in values for s in shifts]


def scaling(draw):
    values = [0, 1, -1, 2**31, -(2**31), 2**63 - 1, -(2**63)]
    values += [draw.signed(draw.between(1, 62)) for _ in range(8)]
    shifts = [-(2**31), -40, -32, -31, -30, -1, 0, 1, 16, 31, 62, 63, 2**31 - 1]
    return [dict(x=str(x), s=s, y=scale(x, s)) for x in values for s in shifts]


def quantizing(draw):
    tops = [0, 1, 32639, 32640, 65278, 65279, 65280, 2**31 - 1, -(2**31 - 1)]
    vectors = [[top, 1, -1, top // 2] for top in tops]
    vectors += [draw.vector(9, draw.between(1, 31)) for _ in range(20)]
    return [dict(t=t, a=quant(t)[0], s=quant(t)[1]) for t in vectors]


def splitting(draw):
    edges = [0, 1, -1, 127, 128, -128, -129, 255, 256, LIMIT16, -LIMIT16]
    cases = edges + [draw.between(-LIMIT16, LIMIT16) for _ in range(40)]
    return [dict(a=a, hi=halves(a)[0], lo=halves(a)[1]) for a in cases]


def clamping(draw):
    edges = [LIMIT16, LIMIT16 + 1, -LIMIT16, -LIMIT16 - 1, LIMIT32, -LIMIT32]
    cases = edges + [draw.signed(draw.between(1, 31)) for _ in range(20)]
    return [dict(x=x, y=clamp(x, LIMIT16)) for x in cases]


def adding(draw):
    edges = dict(x=[LIMIT32, -LIMIT32, LIMIT32, LIMIT32 - 1, 0], y=[1, -1, -LIMIT32, 1, 0])
    cases = [edges] + [dict(x=draw.vector(9, bits), y=draw.vector(9, bits)) for bits in (8, 30, 31)]
    return [dict(c, sum=[clamp(a + b, LIMIT32) for a, b in zip(c["x"], c["y"])]) for c in cases]


def choosing(draw):
    cases = [[0], [-LIMIT32] * 3, [1, 5, 5, 2], [-3, -2, -2], draw.vector(40, 31)]
    cases += [[draw.between(-3, 3) for _ in range(12)] for _ in range(10)]
    return [dict(x=x, index=x.index(max(x))) for x in cases]


def exponential(draw):
    arguments = [0, 1, 255, 256, 257, 65535, 65536, 65537, 31 * 65536 - 1, 31 * 65536, 2**32 - 1]
    arguments += [draw.between(0, 2**21) for _ in range(120)]
    return [dict(n=n, y=exp2(n)) for n in arguments]


def logistic(draw):
    cases = [(g, f) for f in (12, 13, 20) for g in (0, 1, -1, 2**31 - 1, -(2**31 - 1))]
    cases += [(draw.signed(draw.between(1, 26)), draw.between(12, 20)) for _ in range(80)]
    return [dict(g=g, f=f, y=sigmoid(g, f)) for g, f in cases]


def linears(draw):
    cases = []
    for rows, cols in [(1, 1), (3, 7), (5, 64), (2, 300), (1, 1030)]:
        for extreme in (False, True):
            weight = lambda: 127 * (-1) ** draw.word() if extreme else draw.signed(7)
            value = lambda: LIMIT16 * (-1) ** draw.word() if extreme else draw.between(-LIMIT16, LIMIT16)
            w, a = [[weight() for _ in range(cols)] for _ in range(rows)], [value() for _ in range(cols)]
            mw = [draw.between(2**15, 2**16 - 1) for _ in range(rows)]
            m_a, e_a = draw.between(2**15, 2**16 - 1), draw.between(-40, 0)
            shift = [draw.between(-30, 40) for _ in range(rows)]
            y = linear(w, mw, shift, a, m_a, e_a)
            cases.append(dict(w=w, m=mw, shift=shift, a=a, input_m=m_a, input_e=e_a, y=y))
    w, a, mw, shift = [[127] * 1030, [-127] * 1030], [LIMIT16] * 1030, [2**16 - 1] * 2, [-9, 40]
    y = linear(w, mw, shift, a, 2**16 - 1, -10)
    return cases + [dict(w=w, m=mw, shift=shift, a=a, input_m=2**16 - 1, input_e=-10, y=y)]


def norms(draw):
    cases = []
    for n in (1, 2, 8, 65):
        for bits in (1, 14, 15, 16, 17, 24, 31):
            x, g = draw.vector(n, bits), draw.vector(n, 15)
            g[0] = draw.between(2**14, 2**15 - 1)
            e_gain, eps = draw.between(8, 20), draw.between(0, 2 ** draw.between(1, 40))
            a, m, e = rmsnorm(x, g, e_gain, eps)
            cases.append(dict(x=x, gain=g, gain_exponent=e_gain, eps=eps, a=a, m=m, e=e))
    x = [0, 0, 0]
    a, m, e = rmsnorm(x, [2**14] * 3, 14, 0)
    return cases + [dict(x=x, gain=[2**14] * 3, gain_exponent=14, eps=0, a=a, m=m, e=e)]


def head_norms(draw):
    cases = []
    for bits in (3, 15, 22, 31):
        x, g, f = draw.vector(8, bits), draw.vector(8, 15), [draw.between(-8, 20) for _ in range(8)]
        g[3], e_gain, eps = 2**15 - 1, draw.between(8, 20), draw.between(0, 2**30)
        y = head_norm(x, g, e_gain, eps, f)
        cases.append(dict(x=x, gain=g, gain_exponent=e_gain, eps=eps, f=f, y=y))
    return cases


def rotations(draw):
    cases = []
    for half in (1, 3, 16):
        for bits in (4, 16, 31):
            x, cos = draw.vector(2 * half, bits), draw.vector(half, 14)
            sin = draw.vector(half, 14)
            cos[0], sin[0] = 2**14, -(2**14)
            cases.append(dict(x=x, cos=cos, sin=sin, y=rope(x, cos, sin)))
    return cases


def attentions(draw):
    cases = []
    for keys, dim, shift in [(1, 2, 20), (3, 4, 24), (40, 8, 28), (600, 2, 30), (40, 8, 14), (5, 4, -3)]:
        vector = lambda: [draw.between(-LIMIT16, LIMIT16) for _ in range(dim)]
        q, ks, vs = vector(), [vector() for _ in range(keys)], [vector() for _ in range(keys)]
        m, value_shift = draw.between(2**15, 2**16 - 1), [draw.between(26, 58) for _ in range(dim)]
        z, p, den, o = attention(q, ks, vs, m, shift, value_shift)
        case = dict(q=q, keys=sum(ks, []), values=sum(vs, []), m=m, score_shift=shift)
        cases.append(dict(case, value_shift=value_shift, z=z, p=p, sum=den, o=o))
    q, keys, values = [LIMIT16] * 256, [[s * LIMIT16] * 256 for s in (1, -1, 1)], [[-LIMIT16] * 256] * 3
    z, p, den, o = attention(q, keys, values, 2**16 - 1, 22, [46] * 256)
    case = dict(q=q, keys=sum(keys, []), values=sum(values, []), m=2**16 - 1, score_shift=22)
    return cases + [dict(case, value_shift=[46] * 256, z=z, p=p, sum=den, o=o)]


def gated(draw):
    cases = []
    for bits in (10, 16, 24, 31):
        g, u, f_gate, shift = draw.vector(12, bits), draw.vector(12, bits), draw.between(12, 20), draw.between(4, 28)
        cases.append(dict(g=g, u=u, f_gate=f_gate, shift=shift, h=swiglu(g, u, f_gate, shift)))
    g, u = [LIMIT32, LIMIT32, -LIMIT32, -LIMIT32, 0], [LIMIT32, -LIMIT32, LIMIT32, -LIMIT32, LIMIT32]
    return cases + [dict(g=g, u=u, f_gate=12, shift=31, h=swiglu(g, u, 12, 31))]


def embeddings(draw):
    cases = []
    for shift in (-30, -9, 0, 1, 7, 23, 70):
        row, m = draw.vector(10, 7), draw.between(2**15, 2**16 - 1)
        cases.append(dict(row=row, m=m, shift=shift, x=[scale(w * m, shift) for w in row]))
    return cases


def samples(draw):
    cases = []
    for number in range(120):
        size = draw.between(1, 60)
        bits = draw.between(1, 22) if number % 8 else 31
        logits = [v // 2**10 * 2**10 if number % 3 else v for v in draw.vector(size, bits)]
        seen = [draw.between(0, size - 1) for _ in range(draw.between(0, 12))]
        rules = dict(temperature=draw.between(1, 3000) if number % 10 else 10000 * (number % 20 // 10))
        rules |= dict(top_k=draw.between(0, 1) * draw.between(0, size + 3))
        rules |= dict(top_p=draw.between(1, 10000) if number % 4 else 10000)
        rules |= dict(repetition_penalty=draw.between(1000, 10000) if number % 2 else 1000)
        seed, position = bytes(draw.between(0, 255) for _ in range(32)), draw.between(0, 131071)
        u = uniform(seed, position)
        token = sample(logits, seen, u=u, **rules)
        case = dict(logits=logits, seen=seen, **rules, seed=list(seed), position=position)
        cases.append(dict(case, u=str(u), token=token))
    return cases


def secrets(draw):
    """The secret of a public job, and another."""
    return [bytes(32), bytes(draw.between(0, 255) for _ in range(32))]


def requests(draw):
    cases = []
    for secret in secrets(draw):
        for stops in ([], [[5], [7, 0, 2**18 - 1]]):
            root, seed = (bytes(draw.between(0, 255) for _ in range(32)) for _ in range(2))
            prompt, sampling = [draw.between(0, 2**18 - 1) for _ in range(5)], [700, 40, 9500, 1100]
            numbers = [secret, root, u32(1), listed(prompt), u32(99), u32(*sampling), seed, u32(len(stops))]
            case = dict(secret=secret.hex(), model_root=root.hex(), prompt=prompt, max_tokens=99, sampling=sampling)
            case |= dict(seed=seed.hex(), stop_sequences=stops)
            cases.append(dict(case, hash=tagged("request", *numbers, *map(listed, stops)).hex()))
    return cases


def results(draw):
    cases = []
    for secret in secrets(draw):
        for n in (0, 1, 255, 256, 257, 700, 1300):
            ids = [draw.between(0, 2**18 - 1) for _ in range(n)]
            tiles = [ids[i : i + 256] for i in range(0, n, 256)]
            leaves = [tagged("result leaf", secret, u32(i), listed(tile)) for i, tile in enumerate(tiles)]
            cases.append(dict(secret=secret.hex(), ids=ids, root=tree("result node", secret, leaves).hex()))
    return cases


def traces(draw):
    cases = []
    for secret in secrets(draw):
        for n in (0, 1, 2, 3, 5, 11):
            residuals = [bytes(draw.between(0, 255) for _ in range(32)) for _ in range(n)]
            leaves = [tagged("trace leaf", secret, u32(i), residual) for i, residual in enumerate(residuals)]
            root = tree("trace node", secret, leaves).hex()
            cases.append(dict(secret=secret.hex(), residuals=[r.hex() for r in residuals], root=root))
    return cases


def main():
    files = dict(rsh=rounding, scale=scaling, quant=quantizing, exp2=exponential, sigmoid=logistic, linear=linears)
    files |= dict(rmsnorm=norms, head_norm=head_norms, rope=rotations, attention=attentions, swiglu=gated, embed=embeddings)
    files |= dict(sample=samples)
    files |= dict(halves=splitting, clamp16=clamping, add=adding, argmax=choosing)
    files |= dict(request=requests, result=results, trace=traces)
    for number, (name, make) in enumerate(files.items()):
        cases = ",\n".join(json.dumps(case, separators=(",", ":")) for case in make(Draw(number + 1)))
        Path(__file__).with_name(f"{name}.json").write_text(f"[\n{cases}\n]\n")


if __name__ == "__main__":
    main()
