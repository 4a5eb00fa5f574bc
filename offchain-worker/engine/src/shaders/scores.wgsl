// import batch round pack heads
// Base-2 logits of one query and one chunk of keys, and their maximum. Workgroup: (chunk, head, row).

const THREADS = 64u;

@group(0) @binding(1) var<uniform> heads: Heads;
// [rows, chunks of the batch] the page of each chunk of keys
@group(0) @binding(2) var<storage, read> tables: array<u32>;
// [rows, heads, quads]
@group(0) @binding(3) var<storage, read> q: array<vec4<u32>>;
// [pages, CHUNK, kv_heads, quads]
@group(0) @binding(4) var<storage, read> k: array<vec4<u32>>;
// [heads] C - 16 - e_s
@group(0) @binding(5) var<storage, read> shift: array<i32>;
// [rows, heads, context]
@group(0) @binding(6) var<storage, read_write> z: array<i32>;
// [rows, heads, chunks]
@group(0) @binding(7) var<storage, read_write> z_max: array<i32>;

var<workgroup> largest: atomic<i32>;

fn dot_halves4(a: vec4<i32>, b: vec4<i32>) -> vec2<i32> {
	let high = high_halves(a);
	return vec2<i32>(dot(high, b), dot(a - 256 * high, b));
}

// (high, low) sums of q k over the channels, meaning 256 high + low: at most 256 * 128 * 32639 each.
fn dot_halves(q_at: u32, k_at: u32) -> vec2<i32> {
	var sum = vec2<i32>(0, 0);
	for (var i = 0u; i < heads.quads; i++) {
		let a = q[q_at + i];
		let b = k[k_at + i];
		sum += dot_halves4(low4(a), low4(b)) + dot_halves4(high4(a), high4(b));
	}
	return sum;
}

fn score(q_at: u32, k_at: u32, head: u32) -> i32 {
	let sums = dot_halves(q_at, k_at);
	let whole = add64(shl64(widen(sums.x), 8u), widen(sums.y));
	return scale(mul64(whole, heads.score_mantissa), shift[head]);
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
	if local.x == 0u {
		atomicStore(&largest, -LIMIT32);
	}
	workgroupBarrier();
	let row_head = row * heads.heads + head;
	let page = tables[row * batch.chunks + chunk] * CHUNK;
	for (var j = start + local.x; j < end; j += THREADS) {
		let key = cache_at(page + j % CHUNK, kv_head(head));
		let score_j = score(row_head * heads.quads, key, head);
		z[row_head * heads.context + j] = score_j;
		atomicMax(&largest, score_j);
	}
	workgroupBarrier();
	if local.x == 0u {
		z_max[row_head * heads.chunks + chunk] = atomicLoad(&largest);
	}
}
