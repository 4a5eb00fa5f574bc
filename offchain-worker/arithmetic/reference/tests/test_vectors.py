"""Every golden vector, by the second implementation."""

import json
import shutil
import subprocess
import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from one_int import functions, hashes, integers, operators as op, sampling
from one_int.integers import int64

VECTORS = Path(__file__).resolve().parents[2] / "vectors"


def run_linear(c):
    bias = int64(c["bias"]) if "bias" in c else None
    return dict(y=op.linear(int64(c["w"]), int64(c["m"]), int64(c["shift"]), int64(c["a"]), c["input_m"], c["input_e"], bias))


def run_rmsnorm(c):
    return dict(zip("ame", op.rmsnorm(int64(c["x"]), int64(c["gain"]), c["gain_exponent"], c["eps"])))


def run_head_norm(c):
    return dict(y=op.head_norm(int64(c["x"]), int64(c["gain"]), c["gain_exponent"], c["eps"], int64(c["f"])))


def run_attention(c):
    dim = len(c["q"])
    keys, values = int64(c["keys"]).reshape(-1, dim), int64(c["values"]).reshape(-1, dim)
    z = op.scores(int64(c["q"]), keys, c["m"], c["score_shift"])
    p, den = op.softmax(z)
    return dict(z=z, p=p, sum=den, o=op.values(p, den, values, int64(c["value_shift"])))


def run_sample(c):
    rules = sampling.Sampling(**{name: c[name] for name in sampling.Sampling._fields})
    seed, position = bytes(c["seed"]), c["position"]
    token = sampling.choose(int64(c["logits"]), c["seen"], rules, seed, position)
    return dict(u=str(sampling.uniform(seed, position)), token=token)


def run_request(c):
    root, seed, secret = (bytes.fromhex(c[name]) for name in ("model_root", "seed", "secret"))
    sampling, stops = c["sampling"], c["stop_sequences"]
    return dict(hash=hashes.request_hash(root, c["prompt"], c["max_tokens"], sampling, seed, stops, secret).hex())


def run_trace(c):
    residuals = list(map(bytes.fromhex, c["residuals"]))
    return dict(root=hashes.trace_root(residuals, bytes.fromhex(c["secret"])).hex())


RUN = dict(
    rsh=lambda c: dict(y=str(int(integers.rsh(int(c["x"]), c["s"])))),
    scale=lambda c: dict(y=integers.scale(int(c["x"]), c["s"])),
    quant=lambda c: dict(zip("as", integers.quant(int64(c["t"])))),
    halves=lambda c: dict(zip(("hi", "lo"), integers.halves(int64(c["a"])))),
    clamp16=lambda c: dict(y=op.clamp16(int64(c["x"]))),
    add=lambda c: dict(sum=op.add(int64(c["x"]), int64(c["y"]))),
    argmax=lambda c: dict(index=op.argmax(int64(c["x"]))),
    exp2=lambda c: dict(y=functions.exp2(c["n"])),
    sigmoid=lambda c: dict(y=functions.sigmoid(c["g"], c["f"])),
    linear=run_linear,
    rmsnorm=run_rmsnorm,
    head_norm=run_head_norm,
    rope=lambda c: dict(y=op.rope(int64(c["x"]), int64(c["cos"]), int64(c["sin"]))),
    attention=run_attention,
    swiglu=lambda c: dict(h=op.swiglu(int64(c["g"]), int64(c["u"]), c["f_gate"], c["shift"])),
    sample=run_sample,
    request=run_request,
    result=lambda c: dict(root=hashes.result_hash(c["ids"], bytes.fromhex(c["secret"])).hex()),
    trace=run_trace,
    embed=lambda c: dict(x=op.embed(int64(c["row"]), c["m"], c["shift"])),
)


def plain(value):
    """Arrays and numpy scalars as JSON has them."""
    return value.tolist() if hasattr(value, "tolist") else value


class Vectors(unittest.TestCase):
    def test_every_file_should_have_an_operator(self):
        self.assertEqual({path.stem for path in VECTORS.glob("*.json")}, set(RUN))

    def test_files_should_be_what_their_generator_writes(self):
        def contents(folder):
            return {path.name: path.read_bytes() for path in folder.glob("*.json")}

        with TemporaryDirectory() as room:
            script = shutil.copy(VECTORS / "generate.py", room)
            subprocess.run([sys.executable, script], check=True)
            self.assertEqual(contents(VECTORS), contents(Path(room)))

    def test_operators_should_match_vectors(self):
        for name, run in RUN.items():
            cases = json.loads((VECTORS / f"{name}.json").read_text())
            self.assertGreater(len(cases), 0)
            for i, case in enumerate(cases):
                with self.subTest(f"{name} {i}"):
                    outcome = {key: plain(value) for key, value in run(case).items()}
                    self.assertEqual(outcome, {key: case[key] for key in outcome})


if __name__ == "__main__":
    unittest.main()
