// import batch pack heads divide exp2 peak
// The output of attention: the values of all keys that a query sees, weighed by their probabilities.
// Workgroup: (LANES quads of words of a head, head, row).

const LANES = 8u;
// Threads that share the keys of a quad.
const SPLIT = 16u;
const THREADS = 128u;

@group(0) @binding(1) var<uniform> heads: Heads;
// [rows, chunks of the batch] the page of each chunk of keys
@group(0) @binding(2) var<storage, read> tables: array<u32>;
// [rows, heads, context]
@group(0) @binding(3) var<storage, read> z: array<i32>;
// [rows, heads, chunks]
@group(0) @binding(4) var<storage, read> z_max: array<i32>;
// [pages, CHUNK, kv_heads, quads]
@group(0) @binding(5) var<storage, read> v: array<vec4<u32>>;
// [257] round(2^(i / 256) 2^30)
@group(0) @binding(6) var<storage, read> exp2_table: array<u32>;
// [kv_heads, 2, half] 46 + f_v - f_o
@group(0) @binding(7) var<storage, read> shift: array<i32>;
// [rows, stride]
@group(0) @binding(8) var<storage, read_write> o: array<i32>;
// [rows] the largest magnitude of o, cleared by the norm
@group(0) @binding(9) var<storage, read_write> peaks: array<atomic<u32>>;

var<workgroup> p: array<u32, CHUNK>;
// Limbs of 16 and 22 bits of the sum of all probabilities.
var<workgroup> mass: array<atomic<u32>, 2>;
var<workgroup> largest: atomic<i32>;
var<workgroup> partial: array<vec4<u32>, THREADS>;
// From the first thread, as `reciprocal` gives it.
var<workgroup> inverse: vec2<u32>;

// The maximum over the chunks that a query sees; clears the mass.
fn global_max(row_head: u32, position: u32, thread: u32) -> i32 {
	if thread == 0u {
		atomicStore(&largest, -LIMIT32);
		atomicStore(&mass[0], 0u);
		atomicStore(&mass[1], 0u);
	}
	workgroupBarrier();
	for (var i = first_key(position) / CHUNK + thread; i <= position / CHUNK; i += THREADS) {
		atomicMax(&largest, z_max[row_head * heads.chunks + i]);
	}
	workgroupBarrier();
	return atomicLoad(&largest);
}

// 65536 z + 256 y + x
fn join(x: i32, y: i32, z: i32) -> vec2<u32> {
	let high = shl64(widen(z), 16u);
	return add64(add64(high, shl64(widen(y), 8u)), widen(x));
}

fn add2(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
	return vec4<u32>(add64(a.xy, b.xy), add64(a.zw, b.zw));
}

// Adds this thread's share of a chunk to the sums of the words of a quad: 64 bits of channel c, then of c + half.
fn weigh(sums: array<vec4<u32>, 4>, value: u32, keys: u32, part: u32) -> array<vec4<u32>, 4> {
	let stride = heads.kv_heads * heads.quads;
	var low: array<vec4<i32>, 3>;
	var high: array<vec4<i32>, 3>;
	for (var j = part; j < keys; j += SPLIT) {
		let w = p[j];
		let limbs = vec3<i32>(vec3<u32>(w & 255u, (w >> 8u) & 255u, w >> 16u));
		let quad = v[value + j * stride];
		let left = low4(quad);
		let right = high4(quad);
		low[0] += limbs.x * left;
		low[1] += limbs.y * left;
		low[2] += limbs.z * left;
		high[0] += limbs.x * right;
		high[1] += limbs.y * right;
		high[2] += limbs.z * right;
	}
	var all = sums;
	for (var i = 0u; i < 4u; i++) {
		let left = join(low[0][i], low[1][i], low[2][i]);
		let right = join(high[0][i], high[1][i], high[2][i]);
		all[i] = add2(all[i], vec4<u32>(left, right));
	}
	return all;
}

// The sum over the threads of a quad, in the first of them.
fn gather(own: vec4<u32>, thread: u32) -> vec4<u32> {
	workgroupBarrier();
	partial[thread] = own;
	workgroupBarrier();
	var sum = own;
	for (var i = select(THREADS, thread + LANES, thread < LANES); i < THREADS; i += LANES) {
		sum = add2(sum, partial[i]);
	}
	return sum;
}

// b and 2^46 / (mass >> b): the largest key alone has 2^22, so the quotient is at most 2^24.
fn reciprocal() -> vec2<u32> {
	let low = vec2<u32>(atomicLoad(&mass[0]), 0u);
	let sum = add64(low, shl64(vec2<u32>(atomicLoad(&mass[1]), 0u), 16u));
	let b = max(bit_length64(sum), 31u) - 31u;
	return vec2<u32>(b, div64(vec2<u32>(0u, 1u << 14u), shr64(sum, b).x).x);
}

fn normalise(acc: vec2<u32>, s: i32) -> i32 {
	return scale(mul64(rsh64(acc, inverse.x), inverse.y), s);
}

// Stores channels c and c + half of a head; returns the larger magnitude.
fn store(row: u32, head: u32, c: u32, sum: vec4<u32>) -> u32 {
	let s = kv_head(head) * 2u * heads.half + c;
	let left = normalise(sum.xy, shift[s]);
	let right = normalise(sum.zw, shift[s + heads.half]);
	let to = row * heads.stride + head * 2u * heads.half + c;
	o[to] = left;
	o[to + heads.half] = right;
	return max(magnitude(left), magnitude(right));
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) group: vec3<u32>,
	@builtin(local_invocation_id) local: vec3<u32>,
) {
	let head = group.y;
	let row = group.z;
	let thread = local.x;
	let quad = group.x * LANES + thread % LANES;
	let position = batch.row[row].position;
	let row_head = row * heads.heads + head;
	let most = global_max(row_head, position, thread);
	var own_mass = 0u;
	var sums: array<vec4<u32>, 4>;
	for (var chunk = first_key(position) / CHUNK; chunk <= position / CHUNK; chunk++) {
		let start = max(chunk * CHUNK, first_key(position));
		let keys = min((chunk + 1u) * CHUNK, position + 1u) - start;
		workgroupBarrier();
		for (var j = thread; j < keys; j += THREADS) {
			let below = bitcast<u32>(most - z[row_head * heads.context + start + j]);
			p[j] = rsh_unsigned(exp2_q30(below), 8u);
			own_mass += p[j];
		}
		workgroupBarrier();
		let page = tables[row * batch.chunks + chunk] * CHUNK;
		let value = cache_at(page + start % CHUNK, kv_head(head)) + min(quad, heads.quads - 1u);
		sums = weigh(sums, value, keys, thread / LANES);
	}
	atomicAdd(&mass[0], own_mass & 0xffffu);
	atomicAdd(&mass[1], own_mass >> 16u);
	workgroupBarrier();
	if thread == 0u {
		inverse = reciprocal();
	}
	var own = 0u;
	for (var i = 0u; i < 4u; i++) {
		let sum = gather(sums[i], thread);
		let c = 4u * quad + i;
		if thread < LANES && c < heads.half {
			own = max(own, store(row, head, c, sum));
		}
	}
	let all = workgroup_peak(own, thread);
	if thread == 0u {
		atomicMax(&peaks[row], all);
	}
}
