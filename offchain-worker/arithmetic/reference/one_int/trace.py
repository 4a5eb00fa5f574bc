"""The full trace: a tree over the positions, stages, operators and tiles of a pass."""

from .hashes import PUBLIC, merkle, tagged, u32
from .model import Observer

OPERATORS = (
    "embed attention_norm q k v scores softmax values attention_output ffn_norm gate up swiglu ffn_output "
    "final_norm logits"
).split()
TILE = 4096


class Trace(Observer):
    """Collects positions[position][stage]: the roots of the operators in their order."""

    def __init__(self, secret=PUBLIC):
        self.secret, self.positions = secret, []

    def traced(self, position, stage, operator, *numbers):
        if position == len(self.positions):
            self.positions.append([])
        stages, number = self.positions[position], OPERATORS.index(operator)
        if stage == len(stages):
            stages.append([])
        data = b"".join(x.tobytes() for x in numbers)
        tiles = [data[i : i + TILE] for i in range(0, len(data), TILE)]
        leaf = lambda i, tile: tagged("tile leaf", self.secret, u32(position, stage, number, i), tile)
        stages[stage].append(self._tree("tile node", [leaf(i, tile) for i, tile in enumerate(tiles)]))

    def root(self):
        stages = lambda position: [self._tree("operator node", stage) for stage in position]
        positions = [self._tree("stage node", stages(position)) for position in self.positions]
        return self._tree("position node", positions)

    def _tree(self, what, leaves):
        return merkle(what, self.secret, leaves) or tagged("empty", self.secret)
