// import batch pack heads int64 exp2 round
// Probabilities of one chunk of keys, their sum, and the sum of the values they weigh.
// Workgroup: (chunk, head, row).

const THREADS = 64u;

@group(0) @binding(1) var<uniform> heads: Heads;
// [rows, chunks of the batch] the page of each chunk of keys
@group(0) @binding(2) var<storage, read> tables: array<u32>;
// [rows, heads, context]
@group(0) @binding(3) var<storage, read> z: array<i32>;
// [rows, heads, chunks]
@group(0) @binding(4) var<storage, read> z_max: array<i32>;
// [pages, CHUNK, kv_heads, half]
@group(0) @binding(5) var<storage, read> v: array<u32>;
// [257] round(2^(i / 256) 2^30)
@group(0) @binding(6) var<storage, read> exp2_table: array<u32>;
// [rows, heads, chunks]
@group(0) @binding(7) var<storage, read_write> mass: array<u32>;
// [rows, heads, chunks, half] 64 bits of channel c, then of c + half
@group(0) @binding(8) var<storage, read_write> weighted: array<vec4<u32>>;

var<workgroup> p: array<u32, CHUNK>;
// At most 256 * 2^22.
var<workgroup> total: atomic<u32>;
var<workgroup> largest: atomic<i32>;

// The maximum over the chunks that a query sees; clears the total.
fn global_max(row_head: u32, position: u32, thread: u32) -> i32 {
	if thread == 0u {
		atomicStore(&largest, -LIMIT32);
		atomicStore(&total, 0u);
	}
	workgroupBarrier();
	for (var i = first_key(position) / CHUNK + thread; i <= position / CHUNK; i += THREADS) {
		atomicMax(&largest, z_max[row_head * heads.chunks + i]);
	}
	workgroupBarrier();
	return atomicLoad(&largest);
}

// 65536 s.z + 256 s.y + s.x
fn join(s: vec3<i32>) -> vec2<u32> {
	let high = shl64(widen(s.z), 16u);
	return add64(add64(high, shl64(widen(s.y), 8u)), widen(s.x));
}

fn weigh(value: u32, keys: u32, stride: u32) -> vec4<u32> {
	var low = vec3<i32>(0, 0, 0);
	var high = vec3<i32>(0, 0, 0);
	for (var j = 0u; j < keys; j++) {
		let w = p[j];
		let limbs = vec3<i32>(vec3<u32>(w & 255u, (w >> 8u) & 255u, w >> 16u));
		let word = v[value + j * stride];
		low += limbs * low16(word);
		high += limbs * high16(word);
	}
	return vec4<u32>(join(low), join(high));
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) group: vec3<u32>,
	@builtin(local_invocation_id) local: vec3<u32>,
) {
	let chunk = group.x;
	let head = group.y;
	let row = group.z;
	let at = batch.row[row];
	let start = max(chunk * CHUNK, first_key(at.position));
	let end = min((chunk + 1u) * CHUNK, at.position + 1u);
	if start >= end {
		return;
	}
	let keys = end - start;
	let row_head = row * heads.heads + head;
	let most = global_max(row_head, at.position, local.x);
	for (var j = local.x; j < keys; j += THREADS) {
		let below = bitcast<u32>(most - z[row_head * heads.context + start + j]);
		p[j] = rsh_unsigned(exp2_q30(below), 8u);
		atomicAdd(&total, p[j]);
	}
	workgroupBarrier();
	let index = row_head * heads.chunks + chunk;
	if local.x == 0u {
		mass[index] = atomicLoad(&total);
	}
	let page = tables[row * batch.chunks + chunk] * CHUNK;
	let first = cache_at(page + start % CHUNK, kv_head(head));
	for (var c = local.x; c < heads.half; c += THREADS) {
		weighted[index * heads.half + c] = weigh(first + c, keys, heads.kv_heads * heads.half);
	}
}
