//! The [`Backend`] of a GPU: batches, recording and read-back.

use bytemuck::Zeroable;
use wgpu::{Buffer, CommandEncoder, CommandEncoderDescriptor, ComputePassDescriptor};

use super::{
	ops::{Dispatch, Load},
	profile::profile,
	program::{Batch, Program},
	AdapterKind, Gpu, CHUNK,
};
use crate::{
	backend::{append, check_chunks, check_decode, Bounds, KernelTime, PAGE},
	hash::blake2_256,
	model::Shape,
	Backend, Chunk, EngineError, HeadAt, Model, Step, Want,
};

/// A model on a GPU.
pub struct GpuBackend {
	gpu: Gpu,
	shape: Shape,
	program: Program,
}

/// Passes of one submission while decoding: the host is waited for once in so many tokens, and what
/// follows the end of an answer is computed in vain.
const STEPS: usize = 8;

/// A token to feed; what it is, later passes find on the device.
#[derive(Clone, Copy)]
struct Feed<'a> {
	pages: &'a [u32],
	position: u32,
	token: u32,
	head: bool,
}

impl Feed<'_> {
	/// Its position in the caches.
	const fn cache(&self) -> u32 {
		let position = self.position as usize;
		self.pages[position / PAGE] * CHUNK + self.position % CHUNK
	}

	/// The token that follows it so many passes later.
	const fn after(self, passes: u32) -> Self {
		Self {
			position: self.position + passes,
			..self
		}
	}
}

impl GpuBackend {
	/// Uploads `model` with caches of so many pages, or as many as fit a binding.
	///
	/// # Errors
	/// A model that the device has no room for.
	pub fn new(gpu: &Gpu, model: &Model, pages: usize) -> Result<Self, EngineError> {
		let program = Program::new(gpu, model, pages)?;
		gpu.check()?;
		gpu.pipelines().save();
		Ok(Self {
			gpu: gpu.clone(),
			shape: model.shape,
			program,
		})
	}

	/// Feeds at most as many tokens as a pass takes, then in as many more passes what was chosen in
	/// the one before, all in one submission; returns the steps of each pass.
	fn run(
		&self,
		feeds: &[Feed<'_>],
		passes: usize,
		logits: bool,
	) -> Result<Vec<Vec<Step>>, EngineError> {
		let pass = |i| feeds.iter().map(|feed| feed.after(i)).collect();
		let passes: Vec<Vec<_>> = (0..passes as u32).map(pass).collect();
		let Some(load) = passes.last().map(|last| load(last)) else {
			return Ok(vec![]);
		};
		self.write(feeds, &load);
		let logits = logits.then(|| self.gpu.staging(self.logits_bytes(&load).max(4)));
		let batches = self.batches(&passes, &load)?;
		let results = self.submit(&batches, &load, logits.as_ref());
		let words: Vec<i32> = self.gpu.read(&results, results.size())?;
		let logits: Vec<i32> = match logits.filter(|_| load.heads > 0) {
			Some(staging) => self.gpu.read(&staging, self.logits_bytes(&load))?,
			None => vec![],
		};
		let words = words.chunks_exact(words.len() / passes.len());
		let steps = |(feeds, words): (&Vec<_>, _)| self.outcome(feeds, words, &logits);
		Ok(passes.iter().zip(words).map(steps).collect())
	}

	/// What all passes share, and the tokens of the first.
	fn write(&self, feeds: &[Feed<'_>], load: &Load) {
		let (queue, to) = (self.gpu.queue(), &self.program.interface);
		let tables = tables(feeds, load.chunks);
		queue.write_buffer(&to.tables, 0, bytemuck::cast_slice(&tables));
		let tokens: Vec<u32> = feeds.iter().map(|feed| feed.token).collect();
		queue.write_buffer(&to.tokens, 0, bytemuck::cast_slice(&tokens));
	}

	/// `[passes]` the batch of each.
	fn batches(&self, passes: &[Vec<Feed<'_>>], load: &Load) -> Result<Buffer, EngineError> {
		let batches: Vec<Batch> = passes.iter().map(|feeds| batch(feeds, load)).collect();
		let bytes: &[u8] = bytemuck::cast_slice(&batches);
		let buffer = self.gpu.words("batches", bytes.len() as u64 / 4)?;
		self.gpu.queue().write_buffer(&buffer, 0, bytes);
		Ok(buffer)
	}

	/// Records and submits passes: of each its batch, all operators and the copies for the host, to
	/// whom the residuals and tokens go one pass after the other.
	fn submit(&self, batches: &Buffer, load: &Load, logits: Option<&Buffer>) -> Buffer {
		let descriptor = CommandEncoderDescriptor {
			label: Some("forward"),
		};
		let mut encoder = self.gpu.device().create_command_encoder(&descriptor);
		let (to, size) = (&self.program.interface, size_of::<Batch>() as u64);
		let passes = batches.size() / size;
		let results = self.gpu.staging(passes * self.result_bytes(load));
		for i in 0..passes {
			encoder.copy_buffer_to_buffer(batches, i * size, &to.batch, 0, size);
			self.record(&mut encoder, load);
			self.copy_results(&mut encoder, load, &results, i * self.result_bytes(load));
		}
		if let Some(staging) = logits {
			let bytes = self.logits_bytes(load);
			encoder.copy_buffer_to_buffer(&to.logits, 0, staging, 0, bytes);
		}
		self.gpu.queue().submit([encoder.finish()]);
		results
	}

	fn record(&self, encoder: &mut CommandEncoder, load: &Load) {
		let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
		for dispatch in self.dispatches(load) {
			dispatch.record(&mut pass, load);
		}
	}

	/// The operators of a pass.
	fn dispatches(&self, load: &Load) -> impl Iterator<Item = &Dispatch> {
		let head = if load.heads > 0 {
			&*self.program.head
		} else {
			&[]
		};
		self.program.body.iter().chain(head)
	}

	/// The residual, then the tokens, from an offset on.
	fn copy_results(&self, encoder: &mut CommandEncoder, load: &Load, results: &Buffer, at: u64) {
		let from = &self.program.interface;
		let (residual, tokens) = (self.residual_bytes(load), 4 * u64::from(load.heads));
		encoder.copy_buffer_to_buffer(&from.x, 0, results, at, residual);
		encoder.copy_buffer_to_buffer(&from.tokens, 0, results, at + residual, tokens);
	}

	fn residual_bytes(&self, load: &Load) -> u64 {
		4 * u64::from(load.rows) * u64::from(self.program.stride)
	}

	fn result_bytes(&self, load: &Load) -> u64 {
		self.residual_bytes(load) + 4 * u64::from(load.heads)
	}

	fn logits_bytes(&self, load: &Load) -> u64 {
		4 * u64::from(load.heads) * u64::from(self.shape.vocab)
	}

	fn outcome(&self, feeds: &[Feed<'_>], words: &[i32], logits: &[i32]) -> Vec<Step> {
		let stride = self.program.stride as usize;
		let (residual, tokens) = words.split_at(feeds.len() * stride);
		let mut tokens = tokens.iter().map(|token| *token as u32);
		let mut logits = logits.chunks_exact(self.shape.vocab as usize);
		let step = |(feed, row): (&Feed<'_>, &[i32])| Step {
			position: feed.position,
			argmax: feed.head.then(|| tokens.next()).flatten(),
			residual_hash: residual_hash(&row[..self.shape.hidden as usize]),
			logits: feed
				.head
				.then(|| logits.next().map(<[i32]>::to_vec))
				.flatten(),
		};
		feeds
			.iter()
			.zip(residual.chunks_exact(stride))
			.map(step)
			.collect()
	}
}

/// That of the last pass: the chunks of keys beyond those of an earlier one are passed over there.
fn load(last: &[Feed<'_>]) -> Load {
	let position = last.iter().map(|feed| feed.position).max().unwrap_or(0);
	Load {
		rows: last.len() as u32,
		heads: last.iter().filter(|feed| feed.head).count() as u32,
		chunks: position / CHUNK + 1,
	}
}

fn batch(feeds: &[Feed<'_>], load: &Load) -> Batch {
	let mut batch = Batch::zeroed();
	(batch.rows, batch.heads, batch.chunks) = (load.rows, load.heads, load.chunks);
	for (row, feed) in batch.row.iter_mut().zip(feeds) {
		(row.cache, row.position) = (feed.cache(), feed.position);
	}
	let heads = (0..).zip(feeds).filter(|(_, feed)| feed.head);
	for ((head, _), row) in heads.zip(&mut batch.row) {
		row.head = head;
	}
	batch
}

/// `[rows, chunks]` the pages that each row sees.
fn tables(feeds: &[Feed<'_>], chunks: u32) -> Vec<u32> {
	let page = |feed: &Feed<'_>, i| feed.pages.get(i as usize).copied().unwrap_or(0);
	let row = |feed| (0..chunks).map(move |i| page(feed, i));
	feeds.iter().flat_map(row).collect()
}

fn feed(chunk: Chunk<'_>, head: HeadAt) -> impl Iterator<Item = Feed<'_>> {
	let last = chunk.ids.len().saturating_sub(1);
	chunk.ids.iter().enumerate().map(move |(i, token)| Feed {
		pages: chunk.pages,
		position: chunk.start + i as u32,
		token: *token,
		head: head == HeadAt::All || (head == HeadAt::Last && i == last),
	})
}

fn residual_hash(x: &[i32]) -> [u8; 32] {
	let bytes: Vec<u8> = x.iter().flat_map(|x| x.to_le_bytes()).collect();
	blake2_256(&bytes)
}

impl Backend for GpuBackend {
	fn device(&self) -> &str {
		&self.gpu.adapter().name
	}

	fn pages(&self) -> usize {
		self.program.pages
	}

	fn forward(&mut self, chunks: &[Chunk<'_>], want: Want) -> Result<Vec<Step>, EngineError> {
		check_chunks(chunks, Bounds::new(&self.shape, self.pages()))?;
		let feeds: Vec<_> = chunks
			.iter()
			.flat_map(|chunk| feed(*chunk, want.head))
			.collect();
		let mut steps = Vec::with_capacity(feeds.len());
		for feeds in feeds.chunks(self.program.rows) {
			steps.extend(self.run(feeds, 1, want.logits)?.concat());
		}
		Ok(steps)
	}

	/// A software rasteriser is never waited for: it is the host.
	fn steps(&self) -> usize {
		if self.gpu.adapter().kind == AdapterKind::Software {
			1
		} else {
			STEPS
		}
	}

	fn decode(
		&mut self,
		chunks: &[Chunk<'_>],
		steps: usize,
	) -> Result<Vec<Vec<Step>>, EngineError> {
		check_decode(chunks, steps, Bounds::new(&self.shape, self.pages()))?;
		let feeds: Vec<_> = chunks
			.iter()
			.flat_map(|chunk| feed(*chunk, HeadAt::Last))
			.collect();
		let mut all = vec![Vec::with_capacity(steps); chunks.len()];
		let rows = self.program.rows;
		for (feeds, all) in feeds.chunks(rows).zip(all.chunks_mut(rows)) {
			let passes = self.run(feeds, steps, false)?;
			passes.into_iter().for_each(|pass| append(all, pass));
		}
		Ok(all)
	}

	fn profile(
		&mut self,
		chunks: &[Chunk<'_>],
		want: Want,
	) -> Result<Vec<KernelTime>, EngineError> {
		check_chunks(chunks, Bounds::new(&self.shape, self.pages()))?;
		let feeds: Vec<_> = chunks
			.iter()
			.flat_map(|chunk| feed(*chunk, want.head))
			.collect();
		let Some(last) = feeds.chunks(self.program.rows).next_back() else {
			return Ok(vec![]);
		};
		let load = load(last);
		self.write(last, &load);
		let (to, batch) = (&self.program.interface.batch, batch(last, &load));
		self.gpu
			.queue()
			.write_buffer(to, 0, bytemuck::bytes_of(&batch));
		let dispatches: Vec<_> = self.dispatches(&load).collect();
		profile(&self.gpu, &dispatches, &load)
	}
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use std::sync::Arc;

	use super::*;
	use crate::{
		cpu::CpuBackend,
		gpu::{context::tests::devices, self_test::model, MAX_ROWS},
	};

	/// More than a pass takes.
	const SEQUENCES: u32 = MAX_ROWS as u32 + 3;

	fn chunk<'a>(pages: &'a [u32], start: usize, ids: &'a [u32]) -> Chunk<'a> {
		Chunk {
			pages,
			start: start as u32,
			ids,
		}
	}

	/// Fed alike and then decoded for so many steps at once: short sequences, and long ones whose
	/// third token is the first of a page.
	fn decoded(backend: &mut dyn Backend, steps: usize) -> Vec<Vec<Step>> {
		let tables: Vec<[u32; 2]> = (0..SEQUENCES).map(|i| [2 * i + 1, 2 * i]).collect();
		let ids: Vec<u32> = (0..254).map(|i| i * i % 37).collect();
		let length = |i: usize| if i % 20 == 3 { 254 } else { 1 + i % 5 };
		let mut prompts = vec![];
		for (i, pages) in tables.iter().enumerate() {
			prompts.push(chunk(pages, 0, &ids[..length(i)]));
		}
		backend.forward(&prompts, Want::TRACE).unwrap();
		let mut found: Vec<Vec<Step>> = vec![vec![]; tables.len()];
		for at in (0..12).step_by(steps) {
			let last = |steps: &Vec<Step>| steps.last().map_or(5, chosen);
			let last: Vec<u32> = found.iter().map(last).collect();
			let mut next = vec![];
			for (i, pages) in tables.iter().enumerate() {
				next.push(chunk(pages, length(i) + at, &last[i..][..1]));
			}
			for (found, steps) in found.iter_mut().zip(backend.decode(&next, steps).unwrap()) {
				found.extend(steps);
			}
		}
		found
	}

	fn chosen(step: &Step) -> u32 {
		step.argmax.unwrap()
	}

	#[test]
	fn decode_should_equal_single_steps_of_the_cpu() {
		let pages = 2 * SEQUENCES as usize;
		let mut cpu = CpuBackend::new(Arc::new(model()), pages);
		let expected = decoded(&mut cpu, 1);
		assert!(expected.iter().all(|steps| steps.len() == 12));
		for gpu in devices() {
			let mut backend = GpuBackend::new(gpu, &model(), pages).unwrap();
			for steps in [1, 4, 12] {
				assert!(decoded(&mut backend, steps) == expected, "{steps} at once");
			}
		}
	}

	#[test]
	fn decode_should_return_nothing_when_there_is_nothing_to_do() {
		for gpu in devices() {
			let mut backend = GpuBackend::new(gpu, &model(), 1).unwrap();
			let chunk = chunk(&[0], 0, &[1]);
			assert!(backend.decode(&[], 8).unwrap().is_empty());
			assert_eq!(backend.decode(&[chunk], 0).unwrap(), [vec![]]);
			assert!(backend.decode(&[chunk], PAGE + 1).is_err());
		}
	}

	#[test]
	fn backend_should_fail_when_its_device_is_lost() {
		if devices().is_empty() {
			return;
		}
		let gpu = Gpu::open(None).unwrap();
		let mut backend = GpuBackend::new(&gpu, &model(), 1).unwrap();
		let chunk = chunk(&[0], 0, &[1]);
		backend.forward(&[chunk], Want::NEXT).unwrap();
		gpu.destroy();
		for _ in 0..2 {
			let error = backend.forward(&[chunk], Want::NEXT).unwrap_err();
			assert!(error.to_string().contains("is lost"), "{error}");
		}
		assert!(GpuBackend::new(&gpu, &model(), 1).is_err());
	}

	#[test]
	fn profile_should_name_the_kernels_of_a_layer_where_there_are_timestamps() {
		let Some(gpu) = devices().first() else { return };
		let mut backend = GpuBackend::new(gpu, &model(), 2).unwrap();
		let chunk = chunk(&[0, 1], 0, &[1; 260]);
		let times = backend.profile(&[chunk], Want::NEXT).unwrap();
		let mut kernels: Vec<_> = times.iter().map(|time| time.kernel).collect();
		kernels.sort_unstable();
		let timed = gpu
			.device()
			.features()
			.contains(wgpu::Features::TIMESTAMP_QUERY);
		let all = [
			"argmax", "embed", "gate_up", "head", "qkv", "residual", "rmsnorm", "scores", "values",
		];
		assert_eq!(kernels, if timed { &all[..] } else { &[] });
		assert!(times.iter().all(|time| time.seconds >= 0.0));
	}
}
