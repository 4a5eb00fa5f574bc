// import batch pack reduce divide
// RMSNorm of the residual as input of a linear layer, one workgroup a row.

struct Norm {
	// Channels.
	size: u32,
	// Blocks of four channels, padded by zeros.
	blocks: u32,
	// E of the gain g 2^-E.
	gain_exponent: i32,
	// size * eps, low and high word.
	eps_low: u32,
	eps_high: u32,
}

@group(0) @binding(1) var<uniform> norm: Norm;
// [rows, blocks] four channels each
@group(0) @binding(2) var<storage, read> x: array<vec4<i32>>;
// [blocks] four channels each
@group(0) @binding(3) var<storage, read> gain: array<vec4<i32>>;
// [rows, 1 + blocks]
@group(0) @binding(4) var<storage, read_write> y: array<vec2<u32>>;

// Limbs of 16, 16 and 32 bits of the sum of squares: each holds the sum of all threads.
var<workgroup> squares: array<atomic<u32>, 3>;

fn peak4(v: vec4<i32>) -> u32 {
	let a = abs(v);
	return bitcast<u32>(max(max(a.x, a.y), max(a.z, a.w)));
}

fn square(x: i32, s: u32) -> u32 {
	let v = rsh(x, s);
	return bitcast<u32>(v * v);
}

// At most four squares of 2^30.
fn square4(v: vec4<i32>, s: u32) -> vec2<u32> {
	let left = vec2<u32>(square(v.x, s) + square(v.y, s), 0u);
	return add64(left, vec2<u32>(square(v.z, s) + square(v.w, s), 0u));
}

fn sum_of_squares(own: vec2<u32>) -> vec2<u32> {
	atomicAdd(&squares[0], own.x & 0xffffu);
	atomicAdd(&squares[1], own.x >> 16u);
	atomicAdd(&squares[2], own.y);
	workgroupBarrier();
	let low = vec2<u32>(atomicLoad(&squares[0]), atomicLoad(&squares[2]));
	return add64(low, shl64(vec2<u32>(atomicLoad(&squares[1]), 0u), 16u));
}

// (m, e) near 1 / sqrt(mean of the squares).
fn inverse_root(sum: vec2<u32>, s1: u32) -> vec2<i32> {
	let eps = shr64(vec2<u32>(norm.eps_low, norm.eps_high), 2u * s1);
	let total = add64(sum, eps);
	let d = select(total, vec2<u32>(1u, 0u), vec2<bool>(all(total == ZERO64)));
	let k = (64u - bit_length64(d)) >> 1u;
	let root = isqrt64(div64(shl64(d, 2u * k), norm.size));
	let inverse = div64(vec2<u32>(0u, 1u << 30u), root);
	let n = bit_length64(inverse) - 16u;
	return vec2<i32>(i32(shr64(inverse, n).x), i32(k) - 62 + i32(n));
}

// rsh(x g, s0), which fits 32 bits.
fn product(x: i32, g: i32, s0: u32) -> i32 {
	return bitcast<i32>(rsh64(mul_signed(x, g), s0).x);
}

fn product4(v: vec4<i32>, g: vec4<i32>, s0: u32) -> vec4<i32> {
	let left = vec2<i32>(product(v.x, g.x, s0), product(v.y, g.y, s0));
	return vec4<i32>(left, product(v.z, g.z, s0), product(v.w, g.w, s0));
}

fn round4(t: vec4<i32>, s: u32) -> vec4<i32> {
	return vec4<i32>(rsh(t.x, s), rsh(t.y, s), rsh(t.z, s), rsh(t.w, s));
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) group: vec3<u32>,
	@builtin(local_invocation_id) local: vec3<u32>,
) {
	let to = group.x;
	let thread = local.x;
	let from_row = select(to, batch.row[to].head, AT_HEAD) * norm.blocks;

	if thread < 3u {
		atomicStore(&squares[thread], 0u);
	}
	var own = 0u;
	for (var i = thread; i < norm.blocks; i += THREADS) {
		own = max(own, peak4(x[from_row + i]));
	}
	let bits = bit_length(workgroup_peak(own, thread));
	let s1 = max(bits, 15u) - 15u;
	let s0 = max(bits, 16u) - 16u;

	var sum = ZERO64;
	own = 0u;
	for (var i = thread; i < norm.blocks; i += THREADS) {
		let v = x[from_row + i];
		sum = add64(sum, square4(v, s1));
		own = max(own, peak4(product4(v, gain[i], s0)));
	}
	let all_squares = sum_of_squares(sum);
	let s2 = quant_shift(workgroup_peak(own, thread));

	let to_row = to * (norm.blocks + 1u);
	if thread == 0u {
		let inverse = inverse_root(all_squares, s1);
		let e = i32(s0 + s2) - i32(s1) - norm.gain_exponent + inverse.y;
		y[to_row] = vec2<u32>(u32(inverse.x), bitcast<u32>(e));
	}
	for (var i = thread; i < norm.blocks; i += THREADS) {
		y[to_row + 1u + i] = pack_block(round4(product4(x[from_row + i], gain[i], s0), s2));
	}
}
