// import round
// The largest magnitude over the threads of a workgroup.

var<workgroup> peak: atomic<u32>;

fn peak4(v: vec4<i32>) -> u32 {
	let a = abs(v);
	return bitcast<u32>(max(max(a.x, a.y), max(a.z, a.w)));
}

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
