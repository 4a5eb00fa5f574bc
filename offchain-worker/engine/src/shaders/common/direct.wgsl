// import linear
// Inputs of a linear layer as a norm has written them: per row a scale (m, e, 0, 0), then its blocks.

// All blocks at once.
const SEGMENT = 1073741824u;

// [rows, 1 + blocks]
@group(0) @binding(4) var<storage, read> inputs: array<vec4<u32>>;

fn stage(first: u32, start: u32, end: u32, thread: u32) {}

// The first block of row t of a tile.
fn input_row(first: u32, t: u32, blocks: u32) -> u32 {
	return clamped(first + t) * (blocks + 1u) + 1u;
}

fn input_block(at: u32) -> vec4<u32> {
	return inputs[at];
}

fn input_scale(row: u32) -> vec2<u32> {
	return inputs[row * (matrix.blocks + 1u)].xy;
}
