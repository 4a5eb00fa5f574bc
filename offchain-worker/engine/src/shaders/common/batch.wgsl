// The tokens fed together. A row is one of them.

const MAX_ROWS = 64;

struct Row {
	// Index of the position in the caches: page * CHUNK + place within.
	cache: u32,
	// Position in the sequence.
	position: u32,
	// Of entry i: the row at which the head runs as the i-th.
	@size(8) head: u32,
}

struct Batch {
	// Rows fed.
	rows: u32,
	// Rows at which the head runs.
	heads: u32,
	// Chunks of keys of the longest sequence.
	chunks: u32,
	@align(16) row: array<Row, MAX_ROWS>,
}

@group(0) @binding(0) var<uniform> batch: Batch;

// Whether this pipeline runs at the rows of the head only.
override AT_HEAD: bool = false;

fn row_count() -> u32 {
	return select(batch.rows, batch.heads, AT_HEAD);
}
