// import int64 round divide
// RMSNorm by one workgroup: the mean square and its inverse root.

// Limbs of 16, 16 and 32 bits of the sum of squares: each holds the sum of all threads.
var<workgroup> squares: array<atomic<u32>, 3>;

fn square(x: i32, s: u32) -> u32 {
	let v = rsh(x, s);
	return bitcast<u32>(v * v);
}

fn clear_squares(thread: u32) {
	if thread < 3u {
		atomicStore(&squares[thread], 0u);
	}
}

// The sum over the threads of a workgroup, whose limbs are cleared and behind a barrier.
fn sum_of_squares(own: vec2<u32>) -> vec2<u32> {
	atomicAdd(&squares[0], own.x & 0xffffu);
	atomicAdd(&squares[1], own.x >> 16u);
	atomicAdd(&squares[2], own.y);
	workgroupBarrier();
	let low = vec2<u32>(atomicLoad(&squares[0]), atomicLoad(&squares[2]));
	return add64(low, shl64(vec2<u32>(atomicLoad(&squares[1]), 0u), 16u));
}

// (m, e) near 1 / sqrt(mean of the squares), for `size` of them and eps times `size`.
fn inverse_root(sum: vec2<u32>, s1: u32, eps: vec2<u32>, size: u32) -> vec2<i32> {
	let total = add64(sum, shr64(eps, 2u * s1));
	let d = select(total, vec2<u32>(1u, 0u), vec2<bool>(all(total == ZERO64)));
	let k = (64u - bit_length64(d)) >> 1u;
	let root = isqrt64(div64(shl64(d, 2u * k), size));
	let inverse = div64(vec2<u32>(0u, 1u << 30u), root);
	let n = bit_length64(inverse) - 16u;
	return vec2<i32>(i32(shr64(inverse, n).x), i32(k) - 62 + i32(n));
}

// rsh(x g, s0), which fits 32 bits.
fn product(x: i32, g: i32, s0: u32) -> i32 {
	return bitcast<i32>(rsh64(mul_signed(x, g), s0).x);
}
