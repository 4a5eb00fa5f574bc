// import linear
// o_proj and down: adds the layer's output to the residual, x = sat32(x + y).

// [rows, stride]
@group(0) @binding(5) var<storage, read_write> x: array<i32>;

fn add_at(i: u32, y: i32) {
	x[i] = add_saturating(x[i], y);
}

fn emit(row: u32, pair: u32, y: vec2<i32>) {
	let at = row * matrix.stride + 2u * pair;
	add_at(at, y.x);
	if 2u * pair + 1u < matrix.outputs {
		add_at(at + 1u, y.y);
	}
}
