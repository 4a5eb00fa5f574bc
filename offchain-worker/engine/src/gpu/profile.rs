//! Where the time of a pass goes, by timestamps of the device.

use std::collections::BTreeMap;

use wgpu::{
	Buffer, BufferDescriptor, BufferUsages, CommandEncoder, CommandEncoderDescriptor,
	ComputePassDescriptor, ComputePassTimestampWrites, Features, QuerySet, QuerySetDescriptor,
	QueryType, QUERY_SET_MAX_QUERIES,
};

use super::{
	ops::{Dispatch, Load},
	Gpu,
};
use crate::{
	backend::{kernel_times, KernelTime},
	EngineError,
};

/// Dispatches that one set of queries times: one before and one behind each.
const MOST: usize = (QUERY_SET_MAX_QUERIES / 2) as usize;

/// Runs `dispatches` in order, each by itself, and sums the time of each kernel, the longest first;
/// nothing runs on a device without timestamps.
///
/// # Errors
/// What the device reports.
pub(super) fn profile(
	gpu: &Gpu,
	dispatches: &[&Dispatch],
	load: &Load,
) -> Result<Vec<KernelTime>, EngineError> {
	if !gpu.device().features().contains(Features::TIMESTAMP_QUERY) {
		return Ok(vec![]);
	}
	let mut sums: BTreeMap<&'static str, f64> = BTreeMap::new();
	for dispatches in dispatches.chunks(MOST) {
		let seconds = time(gpu, dispatches, load)?;
		for (dispatch, seconds) in dispatches.iter().zip(seconds) {
			*sums.entry(dispatch.name).or_default() += seconds;
		}
	}
	Ok(kernel_times(sums))
}

/// Seconds of each of a few dispatches.
fn time(gpu: &Gpu, dispatches: &[&Dispatch], load: &Load) -> Result<Vec<f64>, EngineError> {
	let count = 2 * dispatches.len() as u32;
	let queries = gpu.device().create_query_set(&QuerySetDescriptor {
		label: Some("profile"),
		ty: QueryType::Timestamp,
		count,
	});
	let mut encoder = gpu
		.device()
		.create_command_encoder(&CommandEncoderDescriptor::default());
	for (i, dispatch) in (0..).zip(dispatches) {
		record(&mut encoder, dispatch, load, &queries, i);
	}
	let bytes = 8 * u64::from(count);
	let (resolved, staging) = (resolved(gpu, bytes), gpu.staging(bytes));
	encoder.resolve_query_set(&queries, 0..count, &resolved, 0);
	encoder.copy_buffer_to_buffer(&resolved, 0, &staging, 0, bytes);
	gpu.queue().submit([encoder.finish()]);
	let ticks: Vec<u64> = gpu.read(&staging, bytes)?;
	let period = f64::from(gpu.queue().get_timestamp_period()) / 1e9;
	let seconds = |pair: &[u64]| pair[1].saturating_sub(pair[0]) as f64 * period;
	Ok(ticks.chunks_exact(2).map(seconds).collect())
}

fn record(
	encoder: &mut CommandEncoder,
	dispatch: &Dispatch,
	load: &Load,
	queries: &QuerySet,
	i: u32,
) {
	let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor {
		label: Some(dispatch.name),
		timestamp_writes: Some(ComputePassTimestampWrites {
			query_set: queries,
			beginning_of_pass_write_index: Some(2 * i),
			end_of_pass_write_index: Some(2 * i + 1),
		}),
	});
	dispatch.record(&mut pass, load);
}

fn resolved(gpu: &Gpu, size: u64) -> Buffer {
	gpu.device().create_buffer(&BufferDescriptor {
		label: Some("timestamps"),
		size,
		usage: BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC,
		mapped_at_creation: false,
	})
}
