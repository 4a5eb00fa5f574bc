// import linear
// Logits in Q16 at the rows of the head.

// [heads, stride]
@group(0) @binding(5) var<storage, read_write> logits: array<i32>;

fn emit(row: u32, pair: u32, y: vec2<i32>) {
	let at = row * matrix.stride + 2u * pair;
	logits[at] = y.x;
	if 2u * pair + 1u < matrix.outputs {
		logits[at + 1u] = y.y;
	}
}
