// import linear heads
// Queries, keys and values of a model that norms the heads of the former two: those leave as they
// are, values go to the cache.

@group(0) @binding(5) var<uniform> heads: Heads;
// [pairs] of the whole matrix
@group(0) @binding(6) var<storage, read> bias: array<vec2<i32>>;
// [rows, heads + kv_heads, half] channels c and c + half
@group(0) @binding(7) var<storage, read_write> raw: array<vec2<i32>>;
// [pages, CHUNK, kv_heads, half]
@group(0) @binding(8) var<storage, read_write> v: array<u32>;

fn emit(row: u32, pair: u32, y: vec2<i32>) {
	let raw_pairs = (heads.heads + heads.kv_heads) * heads.half;
	let biased = add_saturating2(y, bias[pair]);
	if pair < raw_pairs {
		raw[row * raw_pairs + pair] = biased;
	} else {
		let at = batch.row[row].cache * heads.kv_heads * heads.half;
		v[at + pair - raw_pairs] = pair16(clamp16(biased.x), clamp16(biased.y));
	}
}
