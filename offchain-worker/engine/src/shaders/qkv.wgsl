// import direct heads rotate head_norm
// Queries, keys and values: bias, QK-norm and RoPE on the former two, then 16 bits; keys and values
// go to the cache. A pair of outputs is the pair of channels c and c + half of one head.

@group(0) @binding(5) var<uniform> heads: Heads;
// [pairs] of the whole matrix: both biases, the gains of the norm (16 bits each), f + 1
@group(0) @binding(7) var<storage, read> channels: array<vec4<i32>>;
// [context, half] cosine (low) and sine (high) in Q14
@group(0) @binding(8) var<storage, read> rope: array<u32>;
// [rows, heads, 4 quads]
@group(0) @binding(9) var<storage, read_write> q: array<u32>;
// [pages, CHUNK, kv_heads, 4 quads]
@group(0) @binding(10) var<storage, read_write> k: array<u32>;
// [pages, CHUNK, kv_heads, 4 quads]
@group(0) @binding(11) var<storage, read_write> v: array<u32>;

// Whether heads are normed; then a workgroup has one head.
override NORMED: bool = false;

fn store(row: u32, pair: u32, biased: vec2<i32>, normed: vec2<i32>) {
	let at = batch.row[row];
	let head = pair / heads.half;
	let c = pair % heads.half;
	let rotated = rotate(normed, rope[at.position * heads.half + c]);
	let keys = heads.heads;
	let values = keys + heads.kv_heads;
	if head < keys {
		q[(row * heads.heads + head) * 4u * heads.quads + c] = rotated;
	} else if head < values {
		k[4u * cache_at(at.cache, head - keys) + c] = rotated;
	} else {
		v[4u * cache_at(at.cache, head - values) + c] = pair16(clamp16(biased.x), clamp16(biased.y));
	}
}

fn emit(at: Output, y: vec2<i32>) {
	var biased = vec2<i32>(0, 0);
	var channel = vec4<i32>(0, 0, 0, 0);
	if at.live {
		channel = channels[at.pair];
		biased = add_saturating2(y, channel.xy);
	}
	var normed = biased;
	if NORMED {
		normed = head_norm(biased, channel, at.pair / heads.half >= heads.heads, at.thread);
	}
	if at.live {
		store(at.row, at.pair, biased, normed);
	}
}
