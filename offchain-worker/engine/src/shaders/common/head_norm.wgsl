// import peak rms pack
// QK-norm of one head by one workgroup, a pair of its channels a thread; those without one have zeros.
// The operator binds `heads: Heads`.

struct HeadNorm {
	// Size of a head times eps of queries, low and high word, then of keys.
	eps: vec4<u32>,
	// E of the gain g 2^-E, of queries and of keys.
	gain_exponent: vec2<i32>,
}

@group(0) @binding(6) var<uniform> norm: HeadNorm;

// (m, e) of the inverse root, from the first thread.
var<workgroup> root: vec2<i32>;

// Element `a` with the scale (m, e) at so many fraction bits.
fn element(a: i32, m: u32, s: i32) -> i32 {
	return scale(mul64(widen(a), m), s);
}

fn peak2(v: vec2<i32>) -> u32 {
	return max(magnitude(v.x), magnitude(v.y));
}

// `channel` as in `qkv.wgsl`.
fn head_norm(v: vec2<i32>, channel: vec4<i32>, is_key: bool, thread: u32) -> vec2<i32> {
	clear_squares(thread);
	let length = bit_length(workgroup_peak(peak2(v), thread));
	let s1 = max(length, 15u) - 15u;
	let s0 = max(length, 16u) - 16u;

	let gains = bitcast<u32>(channel.z);
	let t = vec2<i32>(product(v.x, low16(gains), s0), product(v.y, high16(gains), s0));
	let all_squares = sum_of_squares(vec2<u32>(square(v.x, s1) + square(v.y, s1), 0u));
	let s2 = quant_shift(workgroup_peak(peak2(t), thread));
	if thread == 0u {
		root = inverse_root(all_squares, s1, select(norm.eps.xy, norm.eps.zw, is_key), 2u * heads.half);
	}
	workgroupBarrier();
	let gain_exponent = select(norm.gain_exponent.x, norm.gain_exponent.y, is_key);
	let e = i32(s0 + s2) - i32(s1) - gain_exponent + root.y;
	let m = bitcast<u32>(root.x);
	let s = -(e + channel.w);
	return vec2<i32>(element(rsh(t.x, s2), m, s), element(rsh(t.y, s2), m, s));
}
