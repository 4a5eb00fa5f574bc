// import batch pack peak rms
// RMSNorm of the residual as input of a linear layer, one workgroup a row.

const THREADS = 64u;

struct Norm {
	// Channels.
	size: u32,
	// Blocks of eight channels, padded by zeros.
	blocks: u32,
	// E of the gain g 2^-E.
	gain_exponent: i32,
	// size * eps, low and high word.
	eps_low: u32,
	eps_high: u32,
}

@group(0) @binding(1) var<uniform> norm: Norm;
// [rows, 2 blocks] four channels each
@group(0) @binding(2) var<storage, read> x: array<vec4<i32>>;
// [2 blocks] four channels each
@group(0) @binding(3) var<storage, read> gain: array<vec4<i32>>;
// [rows, 1 + blocks]
@group(0) @binding(4) var<storage, read_write> y: array<vec4<u32>>;
// [rows] where the layer that follows collects the largest magnitude of its output
@group(0) @binding(5) var<storage, read_write> peaks: array<u32>;

// At most four squares of 2^30.
fn square4(v: vec4<i32>, s: u32) -> vec2<u32> {
	let left = vec2<u32>(square(v.x, s) + square(v.y, s), 0u);
	return add64(left, vec2<u32>(square(v.z, s) + square(v.w, s), 0u));
}

fn product4(v: vec4<i32>, g: vec4<i32>, s0: u32) -> vec4<i32> {
	let left = vec2<i32>(product(v.x, g.x, s0), product(v.y, g.y, s0));
	return vec4<i32>(left, product(v.z, g.z, s0), product(v.w, g.w, s0));
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) group: vec3<u32>,
	@builtin(local_invocation_id) local: vec3<u32>,
) {
	let to = group.x;
	let thread = local.x;
	let from_row = select(to, batch.row[to].head, AT_HEAD) * 2u * norm.blocks;

	clear_squares(thread);
	var own = 0u;
	for (var i = thread; i < 2u * norm.blocks; i += THREADS) {
		own = max(own, peak4(x[from_row + i]));
	}
	let bits = bit_length(workgroup_peak(own, thread));
	let s1 = max(bits, 15u) - 15u;
	let s0 = max(bits, 16u) - 16u;

	var sum = ZERO64;
	own = 0u;
	for (var i = thread; i < 2u * norm.blocks; i += THREADS) {
		let v = x[from_row + i];
		sum = add64(sum, square4(v, s1));
		own = max(own, peak4(product4(v, gain[i], s0)));
	}
	let all_squares = sum_of_squares(sum);
	let s2 = quant_shift(workgroup_peak(own, thread));

	let to_row = to * (norm.blocks + 1u);
	if thread == 0u {
		let eps = vec2<u32>(norm.eps_low, norm.eps_high);
		let inverse = inverse_root(all_squares, s1, eps, norm.size);
		let e = i32(s0 + s2) - i32(s1) - norm.gain_exponent + inverse.y;
		y[to_row] = vec4<u32>(u32(inverse.x), bitcast<u32>(e), 0u, 0u);
		peaks[to] = 0u;
	}
	for (var i = thread; i < norm.blocks; i += THREADS) {
		let left = product4(x[from_row + 2u * i], gain[2u * i], s0);
		let right = product4(x[from_row + 2u * i + 1u], gain[2u * i + 1u], s0);
		y[to_row + 1u + i] = pack_block(rsh4(left, s2), rsh4(right, s2));
	}
}
