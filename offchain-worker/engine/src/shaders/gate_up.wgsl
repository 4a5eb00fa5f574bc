// import direct sigmoid peak
// Gate and up with SwiGLU: h = g sigmoid(g) u. A pair is gate and up of one channel.

// [257] round(2^(i / 256) 2^30)
@group(0) @binding(5) var<storage, read> exp2_table: array<u32>;
// [rows, stride]
@group(0) @binding(6) var<storage, read_write> h: array<i32>;
// [rows] the largest magnitude of h, cleared by the norm
@group(0) @binding(7) var<storage, read_write> peaks: array<atomic<u32>>;

fn swiglu(g: i32, u: i32) -> i32 {
	let gate = bitcast<i32>(sigmoid(g, matrix.f_gate));
	let w = bitcast<i32>(rsh64(mul_signed(g, gate), 15u).x);
	return scale(mul_signed(w, u), matrix.swiglu_shift);
}

fn emit(at: Output, y: vec2<i32>) {
	var own = 0u;
	if at.live {
		let value = swiglu(y.x, y.y);
		h[at.row * matrix.stride + at.pair] = value;
		own = magnitude(value);
	}
	let largest = workgroup_peak(own, at.thread);
	if at.live && at.thread == 0u {
		atomicMax(&peaks[at.row], largest);
	}
}
