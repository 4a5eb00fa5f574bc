// import direct
// Logits in Q16 at the rows of the head.

// [heads, stride]
@group(0) @binding(5) var<storage, read_write> logits: array<i32>;

fn emit(at: Output, y: vec2<i32>) {
	let i = at.row * matrix.stride + 2u * at.pair;
	if at.live {
		logits[i] = y.x;
	}
	if at.live && 2u * at.pair + 1u < matrix.outputs {
		logits[i + 1u] = y.y;
	}
}
