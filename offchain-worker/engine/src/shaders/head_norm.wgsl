// import batch heads pack reduce rms rotate
// QK-norm and RoPE of one head of queries or keys. Workgroup: (head, row), heads of queries first.

struct HeadNorm {
	// Size of a head times eps of queries, low and high word, then of keys.
	eps: vec4<u32>,
	// E of the gain g 2^-E, of queries and of keys.
	gain_exponent: vec2<i32>,
}

@group(0) @binding(1) var<uniform> heads: Heads;
@group(0) @binding(2) var<uniform> norm: HeadNorm;
// [2, half] gains of the channels c and c + half, of queries and of keys
@group(0) @binding(3) var<storage, read> gain: array<vec2<i32>>;
// [heads + kv_heads, half] f_q + 1 or f_k + 1, the same in both channels
@group(0) @binding(4) var<storage, read> bits: array<i32>;
// [context, half] cosine (low) and sine (high) in Q14
@group(0) @binding(5) var<storage, read> rope: array<u32>;
// [rows, heads + kv_heads, half] channels c and c + half
@group(0) @binding(6) var<storage, read> raw: array<vec2<i32>>;
// [rows, heads, half]
@group(0) @binding(7) var<storage, read_write> q: array<u32>;
// [pages, CHUNK, kv_heads, half]
@group(0) @binding(8) var<storage, read_write> k: array<u32>;

// (m, e) of the inverse root, from the first thread.
var<workgroup> root: vec2<i32>;

fn peak2(v: vec2<i32>) -> u32 {
	return max(magnitude(v.x), magnitude(v.y));
}

fn product2(v: vec2<i32>, g: vec2<i32>, s0: u32) -> vec2<i32> {
	return vec2<i32>(product(v.x, g.x, s0), product(v.y, g.y, s0));
}

// Element `a` with the scale (m, e) at so many fraction bits.
fn element(a: i32, m: u32, s: i32) -> i32 {
	return scale(mul64(widen(a), m), s);
}

fn store(row: u32, head: u32, c: u32, rotated: u32) {
	if head < heads.heads {
		q[(row * heads.heads + head) * heads.half + c] = rotated;
	} else {
		k[cache_at(batch.row[row].cache, head - heads.heads) + c] = rotated;
	}
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) group: vec3<u32>,
	@builtin(local_invocation_id) local: vec3<u32>,
) {
	let head = group.x;
	let row = group.y;
	let thread = local.x;
	let is_key = head >= heads.heads;
	let first = (row * (heads.heads + heads.kv_heads) + head) * heads.half;
	let first_gain = select(0u, heads.half, is_key);

	clear_squares(thread);
	var own = 0u;
	for (var c = thread; c < heads.half; c += THREADS) {
		own = max(own, peak2(raw[first + c]));
	}
	let length = bit_length(workgroup_peak(own, thread));
	let s1 = max(length, 15u) - 15u;
	let s0 = max(length, 16u) - 16u;

	var sum = ZERO64;
	own = 0u;
	for (var c = thread; c < heads.half; c += THREADS) {
		let v = raw[first + c];
		sum = add64(sum, vec2<u32>(square(v.x, s1) + square(v.y, s1), 0u));
		own = max(own, peak2(product2(v, gain[first_gain + c], s0)));
	}
	let all_squares = sum_of_squares(sum);
	let s2 = quant_shift(workgroup_peak(own, thread));
	if thread == 0u {
		let eps = select(norm.eps.xy, norm.eps.zw, is_key);
		root = inverse_root(all_squares, s1, eps, 2u * heads.half);
	}
	workgroupBarrier();
	let gain_exponent = select(norm.gain_exponent.x, norm.gain_exponent.y, is_key);
	let e = i32(s0 + s2) - i32(s1) - gain_exponent + root.y;

	let angles = batch.row[row].position * heads.half;
	for (var c = thread; c < heads.half; c += THREADS) {
		let t = product2(raw[first + c], gain[first_gain + c], s0);
		let s = -(e + bits[head * heads.half + c]);
		let m = bitcast<u32>(root.x);
		let y = vec2<i32>(element(rsh(t.x, s2), m, s), element(rsh(t.y, s2), m, s));
		store(row, head, c, rotate(y, rope[angles + c]));
	}
}
