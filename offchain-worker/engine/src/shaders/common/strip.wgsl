// Where the weights lie: pairs of outputs in strips, so that a workgroup reads memory in order.

const STRIP = 32u;

// Of a pair in a matrix of [blocks, pairs]: the place of its first block, and from one block to the next.
fn strip(pair: u32, blocks: u32, pairs: u32) -> vec2<u32> {
	let start = pair / STRIP * STRIP;
	return vec2<u32>(start * blocks + pair - start, min(STRIP, pairs - start));
}
