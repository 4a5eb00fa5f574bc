// import round
// One workgroup per row: the largest magnitude over its threads.

const THREADS = 64u;

var<workgroup> peak: atomic<u32>;

// The largest of `own` over the workgroup.
fn workgroup_peak(own: u32, thread: u32) -> u32 {
	if thread == 0u {
		atomicStore(&peak, 0u);
	}
	workgroupBarrier();
	atomicMax(&peak, own);
	workgroupBarrier();
	let all = atomicLoad(&peak);
	workgroupBarrier();
	return all;
}
