// The operator binds `heads: Heads`. A channel c < half shares a word with c + half, which is also its RoPE pair;
// the words of a head are padded by zeros to whole quads.

// Query heads of a tile at most.
const MAX_HEADS = 4;
// Query heads of a tile, which share the reads of their keys and values.
override HEADS: u32 = 1u;

struct Heads {
	// Query heads.
	heads: u32,
	// Key and value heads.
	kv_heads: u32,
	// Half of the size of a head.
	half: u32,
	// Quads of words of a head.
	quads: u32,
	// Positions of a sequence.
	context: u32,
	// Chunks of keys of a sequence.
	chunks: u32,
	// m of the score multiplier.
	score_mantissa: u32,
	// Stride of a row of the output of attention.
	stride: u32,
	// Positions that a query sees, its own among them.
	window: u32,
}

// Keys of a chunk, and positions of a page: 256 * 255 * 32639 < 2^31.
const CHUNK = 256u;

// The first position that a query at `position` sees.
fn first_key(position: u32) -> u32 {
	return max(position + 1u, heads.window) - heads.window;
}

struct Tile {
	kv_head: u32,
	// Its query heads are `first` and those behind it, up to `last`, which stands in for those beyond.
	first: u32,
	last: u32,
}

// Each key head has as few tiles as hold its query heads.
fn tile_at(i: u32) -> Tile {
	let group = heads.heads / heads.kv_heads;
	let tiles = (group + HEADS - 1u) / HEADS;
	let start = i / tiles * group;
	return Tile(i / tiles, start + i % tiles * HEADS, start + group - 1u);
}

// Index in [rows, heads] of the i-th query head of a tile.
fn row_head(row: u32, tile: Tile, i: u32) -> u32 {
	return row * heads.heads + min(tile.first + i, tile.last);
}

// First quad of a key (or value) head in its cache [pages, CHUNK, kv_heads, quads].
fn cache_at(position: u32, head: u32) -> u32 {
	return (position * heads.kv_heads + head) * heads.quads;
}
