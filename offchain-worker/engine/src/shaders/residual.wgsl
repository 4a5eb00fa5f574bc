// import staged
// o_proj and down: adds the layer's output to the residual, x = sat32(x + y).

// [rows, stride]
@group(0) @binding(6) var<storage, read_write> x: array<i32>;

fn add_at(i: u32, y: i32) {
	x[i] = add_saturating(x[i], y);
}

fn emit(at: Output, y: vec2<i32>) {
	let i = at.row * matrix.stride + 2u * at.pair;
	if at.live {
		add_at(i, y.x);
	}
	if at.live && 2u * at.pair + 1u < matrix.outputs {
		add_at(i + 1u, y.y);
	}
}
