// import round strip
// The residual of each row's token: x = scale(W[token] m_w, -(e_w + F)).

struct Table {
	// Blocks of eight channels.
	blocks: u32,
	// Pairs of tokens.
	pairs: u32,
	// First token of this shard.
	first: u32,
	// Tokens in this shard.
	tokens: u32,
}

@group(0) @binding(0) var<uniform> table: Table;
// [strips, blocks, STRIP] eight weights of each of two tokens
@group(0) @binding(1) var<storage, read> weights: array<vec4<u32>>;
// [pairs] m_w and -(e_w + F) of each of two tokens
@group(0) @binding(2) var<storage, read> scales: array<vec4<i32>>;
// [rows]
@group(0) @binding(3) var<storage, read> tokens: array<u32>;
// [rows, 2 blocks] four channels each
@group(0) @binding(4) var<storage, read_write> x: array<vec4<i32>>;

fn channel(w: i32, row_scale: vec2<i32>) -> i32 {
	return scale(widen(w * row_scale.x), row_scale.y);
}

fn channels(w: vec4<i32>, s: vec2<i32>) -> vec4<i32> {
	return vec4<i32>(channel(w.x, s), channel(w.y, s), channel(w.z, s), channel(w.w, s));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
	let block = id.x;
	let row = id.y;
	let token = tokens[row] - table.first;
	if block >= table.blocks || token >= table.tokens {
		return;
	}
	let pair = token >> 1u;
	let at = strip(pair, table.blocks, table.pairs);
	let words = weights[at.x + block * at.y];
	let pair_scale = scales[pair];
	let odd = (token & 1u) == 1u;
	let w = select(words.xy, words.zw, odd);
	let s = select(pair_scale.xy, pair_scale.zw, odd);
	let to = 2u * (row * table.blocks + block);
	x[to] = channels(unpack4xI8(w.x), s);
	x[to + 1u] = channels(unpack4xI8(w.y), s);
}
