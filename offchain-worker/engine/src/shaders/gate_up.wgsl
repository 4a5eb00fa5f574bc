// import linear sigmoid
// Gate and up with SwiGLU: h = g sigmoid(g) u. A pair is gate and up of one channel.

// [257] round(2^(i / 256) 2^30)
@group(0) @binding(5) var<storage, read> exp2_table: array<u32>;
// [rows, stride]
@group(0) @binding(6) var<storage, read_write> h: array<i32>;

fn emit(row: u32, pair: u32, y: vec2<i32>) {
	let gate = bitcast<i32>(sigmoid(y.x, matrix.f_gate));
	let w = bitcast<i32>(rsh64(mul_signed(y.x, gate), 15u).x);
	h[row * matrix.stride + pair] =
		scale(mul_signed(w, y.y), matrix.swiglu_shift);
}
