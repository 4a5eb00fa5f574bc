// import batch pack heads divide exp2 peak
// The output of attention: the values of all keys that the queries of a tile of heads see, weighed by their
// probabilities. Workgroup: (LANES quads of words of a head, tile, row).

const LANES = 8u;
// Threads that share the keys of a quad.
override SPLIT: u32 = 16u;
const MAX_THREADS = 128;
override THREADS: u32 = LANES * SPLIT;
// Keys of a thread whose sums surely fit 32 bits: 32 * 2048 * 32639 < 2^31.
const SPAN = 32u;

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

// [CHUNK, HEADS] at most 2^22
var<workgroup> p: array<vec4<u32>, CHUNK>;
// [HEADS] limbs of 16 bits and more of the sum of all probabilities: of 131,072 keys, 65,536 shares at most.
var<workgroup> mass: array<array<atomic<u32>, 2>, MAX_HEADS>;
var<workgroup> largest: array<atomic<i32>, MAX_HEADS>;
var<workgroup> partial: array<Quad, MAX_THREADS>;
// As `reciprocal` gives it.
var<workgroup> inverse: array<vec2<u32>, MAX_HEADS>;

// What a query of this row sees.
struct Seen {
	row: u32,
	// Its first key and the one behind its last.
	start: u32,
	end: u32,
}

// 64-bit sums of the words of a quad: of channel c, then of c + half.
alias Quad = array<vec4<u32>, 4>;

// Sums over keys of the values of a quad by the low 11 bits of the probabilities, and by those above.
struct Span {
	low: array<vec4<i32>, 2>,
	high: array<vec4<i32>, 2>,
}

// The maxima over the chunks that the row sees; clears the masses.
fn find_largest(tile: Tile, seen: Seen, thread: u32) {
	if thread < HEADS {
		atomicStore(&largest[thread], -LIMIT32);
		atomicStore(&mass[thread][0], 0u);
		atomicStore(&mass[thread][1], 0u);
	}
	workgroupBarrier();
	for (var h = 0u; h < HEADS; h++) {
		let chunks = row_head(seen.row, tile, h) * heads.chunks;
		for (var i = seen.start / CHUNK + thread; i <= (seen.end - 1u) / CHUNK; i += THREADS) {
			atomicMax(&largest[h], z_max[chunks + i]);
		}
	}
	workgroupBarrier();
}

// The probabilities of the keys from `start` to `end` of one chunk, and their masses.
fn weight(tile: Tile, row: u32, start: u32, end: u32, thread: u32) {
	var at: array<u32, MAX_HEADS>;
	var most: array<i32, MAX_HEADS>;
	for (var h = 0u; h < HEADS; h++) {
		at[h] = row_head(row, tile, h) * heads.context + start;
		most[h] = atomicLoad(&largest[h]);
	}
	var own: vec4<u32>;
	for (var j = thread; j < end - start; j += THREADS) {
		var probabilities: vec4<u32>;
		for (var h = 0u; h < HEADS; h++) {
			let below = most[h] - z[at[h] + j];
			probabilities[h] = rsh_unsigned(exp2_q30(bitcast<u32>(below)), 8u);
		}
		p[j] = probabilities;
		own += probabilities;
	}
	for (var h = 0u; h < HEADS; h++) {
		atomicAdd(&mass[h][0], own[h] & 0xffffu);
		atomicAdd(&mass[h][1], own[h] >> 16u);
	}
}

fn add_key(span: Span, w: u32, left: vec4<i32>, right: vec4<i32>) -> Span {
	let low = i32(w & 2047u);
	let high = i32(w >> 11u);
	return Span(
		array<vec4<i32>, 2>(span.low[0] + low * left, span.low[1] + low * right),
		array<vec4<i32>, 2>(span.high[0] + high * left, span.high[1] + high * right));
}

// 2048 high + low
fn join(high: i32, low: i32) -> vec2<u32> {
	return add64(shl64(widen(high), 11u), widen(low));
}

fn add2(a: vec4<u32>, b: vec4<u32>) -> vec4<u32> {
	return vec4<u32>(add64(a.xy, b.xy), add64(a.zw, b.zw));
}

fn add_quads(a: Quad, b: Quad) -> Quad {
	return Quad(add2(a[0], b[0]), add2(a[1], b[1]), add2(a[2], b[2]), add2(a[3], b[3]));
}

fn join_span(span: Span) -> Quad {
	var all: Quad;
	for (var i = 0u; i < 4u; i++) {
		all[i] = vec4<u32>(join(span.high[0][i], span.low[0][i]), join(span.high[1][i], span.low[1][i]));
	}
	return all;
}

alias Sums = array<Quad, MAX_HEADS>;

// Adds this thread's share of a chunk of so many keys, whose values begin at `value`.
fn weigh(sums: Sums, value: u32, keys: u32, part: u32) -> Sums {
	let stride = heads.kv_heads * heads.quads;
	var all = sums;
	for (var start = part; start < keys; start += SPLIT * SPAN) {
		var spans: array<Span, MAX_HEADS>;
		for (var j = start; j < min(start + SPLIT * SPAN, keys); j += SPLIT) {
			let quad = v[value + j * stride];
			let weights = p[j];
			for (var h = 0u; h < HEADS; h++) {
				spans[h] = add_key(spans[h], weights[h], low4(quad), high4(quad));
			}
		}
		for (var h = 0u; h < HEADS; h++) {
			all[h] = add_quads(all[h], join_span(spans[h]));
		}
	}
	return all;
}

// The sums over the threads of a quad, in the first of them.
fn gather(own: Quad, thread: u32) -> Quad {
	workgroupBarrier();
	partial[thread] = own;
	workgroupBarrier();
	var sum = own;
	for (var i = select(THREADS, thread + LANES, thread < LANES); i < THREADS; i += LANES) {
		sum = add_quads(sum, partial[i]);
	}
	return sum;
}

// b and 2^46 / (mass >> b): the largest key alone has 2^22, so the quotient is at most 2^24.
fn reciprocal(low: u32, high: u32) -> vec2<u32> {
	let sum = add64(vec2<u32>(low, 0u), shl64(vec2<u32>(high, 0u), 16u));
	let b = max(bit_length64(sum), 31u) - 31u;
	return vec2<u32>(b, div64(vec2<u32>(0u, 1u << 14u), shr64(sum, b).x).x);
}

// The reciprocals of the masses.
fn invert(thread: u32) {
	workgroupBarrier();
	if thread < HEADS {
		inverse[thread] = reciprocal(atomicLoad(&mass[thread][0]), atomicLoad(&mass[thread][1]));
	}
	workgroupBarrier();
}

fn normalise(acc: vec2<u32>, inverse: vec2<u32>, s: i32) -> i32 {
	return scale(mul64(rsh64(acc, inverse.x), inverse.y), s);
}

// Stores channels c and c + half of a head; returns the larger magnitude.
fn store(row: u32, head: u32, s: u32, c: u32, sum: vec4<u32>, inverse: vec2<u32>) -> u32 {
	let left = normalise(sum.xy, inverse, shift[s]);
	let right = normalise(sum.zw, inverse, shift[s + heads.half]);
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
	let tile = tile_at(group.y);
	let row = group.z;
	let thread = local.x;
	let quad = group.x * LANES + thread % LANES;
	let position = batch.row[row].position;
	let seen = Seen(row, first_key(position), position + 1u);
	find_largest(tile, seen, thread);
	var sums: Sums;
	for (var chunk = seen.start / CHUNK; chunk * CHUNK < seen.end; chunk++) {
		let start = max(chunk * CHUNK, seen.start);
		let end = min((chunk + 1u) * CHUNK, seen.end);
		workgroupBarrier();
		weight(tile, row, start, end, thread);
		workgroupBarrier();
		let page = tables[row * batch.chunks + chunk] * CHUNK;
		let value = cache_at(page + start % CHUNK, tile.kv_head) + min(quad, heads.quads - 1u);
		sums = weigh(sums, value, end - start, thread / LANES);
	}
	invert(thread);
	var own = 0u;
	for (var h = 0u; h < HEADS; h++) {
		let sum = gather(sums[h], thread);
		for (var i = 0u; i < 4u; i++) {
			let c = 4u * quad + i;
			if thread < LANES && c < heads.half && tile.first + h <= tile.last {
				let s = tile.kv_head * 2u * heads.half + c;
				own = max(own, store(row, tile.first + h, s, c, sum[i], inverse[h]));
			}
		}
	}
	let all = workgroup_peak(own, thread);
	if thread == 0u {
		atomicMax(&peaks[row], all);
	}
}
