// The largest logit of each row of the head, the lowest index on ties. One workgroup a row.

const THREADS = 256u;

struct Vocabulary {
	size: u32,
}

@group(0) @binding(0) var<uniform> vocabulary: Vocabulary;
// [heads, size]
@group(0) @binding(1) var<storage, read> logits: array<i32>;
// [heads]
@group(0) @binding(2) var<storage, read_write> token: array<u32>;

var<workgroup> largest: atomic<i32>;
var<workgroup> lowest: atomic<u32>;

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) group: vec3<u32>,
	@builtin(local_invocation_id) local: vec3<u32>,
) {
	let first = group.x * vocabulary.size;
	if local.x == 0u {
		atomicStore(&largest, -2147483647);
		atomicStore(&lowest, vocabulary.size);
	}
	workgroupBarrier();
	// The best of this thread: strictly larger only, so the lowest index stays.
	var best = -2147483647;
	var index = vocabulary.size;
	for (var i = local.x; i < vocabulary.size; i += THREADS) {
		let logit = logits[first + i];
		if index == vocabulary.size || logit > best {
			best = logit;
			index = i;
		}
	}
	atomicMax(&largest, best);
	workgroupBarrier();
	if best == atomicLoad(&largest) {
		atomicMin(&lowest, index);
	}
	workgroupBarrier();
	if local.x == 0u {
		token[group.x] = atomicLoad(&lowest);
	}
}
