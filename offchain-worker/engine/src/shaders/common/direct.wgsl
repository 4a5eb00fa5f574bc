// import linear
// Inputs of a linear layer as a norm has written them: per row a scale (m, e, 0, 0), then its blocks.

// All blocks at once.
const SEGMENT = 1073741824u;

// [rows, 1 + blocks]
@group(0) @binding(4) var<storage, read> inputs: array<vec4<u32>>;

fn stage(first: u32, start: u32, end: u32, thread: u32) {}

fn input_block(first: u32, t: u32, segment: u32, block: u32) -> vec4<u32> {
	return inputs[clamped(first + t) * (matrix.blocks + 1u) + 1u + block];
}

fn input_scale(row: u32) -> vec2<u32> {
	return inputs[row * (matrix.blocks + 1u)].xy;
}
