// import linear heads
// Queries, keys and values: RoPE on the former two, then 16 bits; keys and values go to the cache.
// A pair of outputs is the pair of channels c and c + half of one head.

const LIMIT_ROPE: i32 = 65535;

@group(0) @binding(5) var<uniform> heads: Heads;
// [context, half] cosine (low) and sine (high) in Q14
@group(0) @binding(6) var<storage, read> rope: array<u32>;
// [rows, heads, half]
@group(0) @binding(7) var<storage, read_write> q: array<u32>;
// [pages, CHUNK, kv_heads, half]
@group(0) @binding(8) var<storage, read_write> k: array<u32>;
// [pages, CHUNK, kv_heads, half]
@group(0) @binding(9) var<storage, read_write> v: array<u32>;

fn rotate(y: vec2<i32>, angle: u32) -> u32 {
	let l = clamp(y.x, -LIMIT_ROPE, LIMIT_ROPE);
	let r = clamp(y.y, -LIMIT_ROPE, LIMIT_ROPE);
	let cosine = low16(angle);
	let sine = high16(angle);
	return pair16(
		clamp16(rsh(l * cosine - r * sine, 15u)),
		clamp16(rsh(r * cosine + l * sine, 15u)),
	);
}

fn emit(row: u32, pair: u32, y: vec2<i32>) {
	let q_pairs = heads.heads * heads.half;
	let kv_pairs = heads.kv_heads * heads.half;
	let at = batch.row[row];
	let rotated = rotate(y, rope[at.position * heads.half + pair % heads.half]);
	if pair < q_pairs {
		q[row * q_pairs + pair] = rotated;
	} else if pair < q_pairs + kv_pairs {
		k[at.cache * kv_pairs + pair - q_pairs] = rotated;
	} else {
		v[at.cache * kv_pairs + pair - q_pairs - kv_pairs] = pair16(clamp16(y.x), clamp16(y.y));
	}
}
