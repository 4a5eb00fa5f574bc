// import batch round pack heads
// Base-2 logits of the queries of a tile of heads and one chunk of keys, and their maxima. Workgroup: (chunk,
// tile, row).

const THREADS = 64u;
// Keys of a thread, CHUNK / THREADS: each word of a query is read once for all of them.
const KEYS = 4u;

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

var<workgroup> largest: array<atomic<i32>, MAX_HEADS>;

// Sums of q k over the channels for KEYS keys: 65536 high + low.
struct Sums {
	high: vec4<i32>,
	low: vec4<i32>,
}

// Adds two channels: 2 * 32639 * 32639 < 2^31.
fn add_word(sums: Sums, a: u32, b: vec4<u32>) -> Sums {
	let s = low16(a) * low4(b) + high16(a) * high4(b);
	return Sums(sums.high + (s >> vec4<u32>(16u)), sums.low + (s & vec4<i32>(0xffff)));
}

// Adds a quad of words of a query and of KEYS keys.
fn add_quad(sums: Sums, a: vec4<u32>, b: array<vec4<u32>, 4>) -> Sums {
	let x = add_word(sums, a.x, vec4<u32>(b[0].x, b[1].x, b[2].x, b[3].x));
	let y = add_word(x, a.y, vec4<u32>(b[0].y, b[1].y, b[2].y, b[3].y));
	let z = add_word(y, a.z, vec4<u32>(b[0].z, b[1].z, b[2].z, b[3].z));
	return add_word(z, a.w, vec4<u32>(b[0].w, b[1].w, b[2].w, b[3].w));
}

// Sums of KEYS keys from `key` on, up to `end`, with each head of the tile.
fn dot_keys(tile: Tile, row: u32, page: u32, key: u32, end: u32) -> array<Sums, MAX_HEADS> {
	var at: array<u32, 4>;
	for (var i = 0u; i < KEYS; i++) {
		at[i] = cache_at(page + min(key + i, end - 1u) % CHUNK, tile.kv_head);
	}
	let quads = heads.quads;
	var query: array<u32, MAX_HEADS>;
	for (var h = 0u; h < HEADS; h++) {
		query[h] = row_head(row, tile, h) * quads;
	}
	var sums: array<Sums, MAX_HEADS>;
	for (var i = 0u; i < quads; i++) {
		let b = array<vec4<u32>, 4>(k[at[0] + i], k[at[1] + i], k[at[2] + i], k[at[3] + i]);
		for (var h = 0u; h < HEADS; h++) {
			sums[h] = add_quad(sums[h], q[query[h] + i], b);
		}
	}
	return sums;
}

fn score(sums: Sums, i: u32, head: u32) -> i32 {
	let whole = add64(shl64(widen(sums.high[i]), 16u), widen(sums.low[i]));
	return scale(mul64(whole, heads.score_mantissa), shift[head]);
}

// Stores the scores of a head, which begin at `z_at`, from `key` on, up to `end`; returns the largest.
fn store(sums: Sums, head: u32, z_at: u32, key: u32, end: u32) -> i32 {
	var most = -LIMIT32;
	for (var i = 0u; i < KEYS; i++) {
		if key + i < end {
			let value = score(sums, i, head);
			z[z_at + key + i] = value;
			most = max(most, value);
		}
	}
	return most;
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) group: vec3<u32>,
	@builtin(local_invocation_id) local: vec3<u32>,
) {
	let chunk = group.x;
	let tile = tile_at(group.y);
	let row = group.z;
	let position = batch.row[row].position;
	let start = max(chunk * CHUNK, first_key(position));
	let end = min((chunk + 1u) * CHUNK, position + 1u);
	if start >= end {
		return;
	}
	if local.x < HEADS {
		atomicStore(&largest[local.x], -LIMIT32);
	}
	workgroupBarrier();
	let page = tables[row * batch.chunks + chunk] * CHUNK;
	for (var key = start + KEYS * local.x; key < end; key += KEYS * THREADS) {
		let sums = dot_keys(tile, row, page, key, end);
		for (var h = 0u; h < HEADS; h++) {
			let head = tile.first + h;
			if head <= tile.last {
				let z_at = row_head(row, tile, h) * heads.context;
				atomicMax(&largest[h], store(sums[h], head, z_at, key, end));
			}
		}
	}
	workgroupBarrier();
	let head = tile.first + local.x;
	if local.x < HEADS && head <= tile.last {
		z_max[row_head(row, tile, local.x) * heads.chunks + chunk] = atomicLoad(&largest[local.x]);
	}
}
