//! The [`Backend`] of a GPU: batches, recording and read-back.

use bytemuck::Zeroable;
use wgpu::{Buffer, CommandEncoder, CommandEncoderDescriptor, ComputePassDescriptor};

use super::{
	ops::Load,
	program::{Batch, Program, Row},
	Gpu, CHUNK,
};
use crate::{
	backend::{check_chunks, Bounds, PAGE},
	hash::blake2_256,
	model::Shape,
	Backend, Chunk, EngineError, HeadAt, Model, Step, Want,
};

/// A model on a GPU.
pub struct GpuBackend {
	gpu: Gpu,
	shape: Shape,
	program: Program,
	staging: Buffer,
}

/// A token to feed.
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
}

impl GpuBackend {
	/// Uploads `model` with caches of so many pages, or as many as fit a binding.
	///
	/// # Errors
	/// A model that the device has no room for.
	pub fn new(gpu: &Gpu, model: &Model, pages: usize) -> Result<Self, EngineError> {
		let program = Program::new(gpu, model, pages)?;
		let words = program.rows as u64 * (u64::from(program.stride) + 1);
		let staging = gpu.staging(4 * words);
		gpu.check()?;
		gpu.pipelines().save();
		Ok(Self {
			gpu: gpu.clone(),
			shape: model.shape,
			program,
			staging,
		})
	}

	/// Feeds at most as many tokens as a pass takes.
	fn pass(&self, feeds: &[Feed<'_>], want: Want) -> Result<Vec<Step>, EngineError> {
		let (batch, load) = batch(feeds);
		let (queue, to) = (self.gpu.queue(), &self.program.interface);
		queue.write_buffer(&to.batch, 0, bytemuck::bytes_of(&batch));
		queue.write_buffer(
			&to.tables,
			0,
			bytemuck::cast_slice(&tables(feeds, load.chunks)),
		);
		let logits = want
			.logits
			.then(|| self.gpu.staging(self.logits_bytes(&load).max(4)));
		self.submit(&load, logits.as_ref());
		let words: Vec<i32> = self.gpu.read(&self.staging, 4 * self.result_words(&load))?;
		let logits: Vec<i32> = match logits.filter(|_| load.heads > 0) {
			Some(staging) => self.gpu.read(&staging, self.logits_bytes(&load))?,
			None => vec![],
		};
		Ok(self.steps(feeds, &words, &logits))
	}

	/// Records and submits a pass: all operators, then the copies for the host.
	fn submit(&self, load: &Load, logits: Option<&Buffer>) {
		let descriptor = CommandEncoderDescriptor {
			label: Some("forward"),
		};
		let mut encoder = self.gpu.device().create_command_encoder(&descriptor);
		self.record(&mut encoder, load);
		self.copy_results(&mut encoder, load, logits);
		self.gpu.queue().submit([encoder.finish()]);
	}

	fn record(&self, encoder: &mut CommandEncoder, load: &Load) {
		let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor::default());
		let head = if load.heads > 0 {
			&*self.program.head
		} else {
			&[]
		};
		for dispatch in self.program.body.iter().chain(head) {
			dispatch.record(&mut pass, load);
		}
	}

	/// The residual, then the tokens; the logits where there is a buffer for them.
	fn copy_results(&self, encoder: &mut CommandEncoder, load: &Load, logits: Option<&Buffer>) {
		let from = &self.program.interface;
		let residual = 4 * self.residual_words(load);
		encoder.copy_buffer_to_buffer(&from.x, 0, &self.staging, 0, residual);
		if load.heads == 0 {
			return;
		}
		let tokens = 4 * u64::from(load.heads);
		encoder.copy_buffer_to_buffer(&from.tokens, 0, &self.staging, residual, tokens);
		if let Some(staging) = logits {
			let bytes = self.logits_bytes(load);
			encoder.copy_buffer_to_buffer(&from.logits, 0, staging, 0, bytes);
		}
	}

	fn residual_words(&self, load: &Load) -> u64 {
		u64::from(load.rows) * u64::from(self.program.stride)
	}

	fn result_words(&self, load: &Load) -> u64 {
		self.residual_words(load) + u64::from(load.heads)
	}

	fn logits_bytes(&self, load: &Load) -> u64 {
		4 * u64::from(load.heads) * u64::from(self.shape.vocab)
	}

	fn steps(&self, feeds: &[Feed<'_>], words: &[i32], logits: &[i32]) -> Vec<Step> {
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

fn batch(feeds: &[Feed<'_>]) -> (Batch, Load) {
	let mut batch = Batch::zeroed();
	for (row, feed) in batch.row.iter_mut().zip(feeds) {
		*row = Row {
			cache: feed.cache(),
			position: feed.position,
			token: feed.token,
			head: 0,
		};
	}
	let heads = (0..).zip(feeds).filter(|(_, feed)| feed.head);
	for ((head, _), row) in heads.zip(&mut batch.row) {
		row.head = head;
		batch.heads += 1;
	}
	batch.rows = feeds.len() as u32;
	let last = feeds.iter().map(|feed| feed.position).max().unwrap_or(0);
	batch.chunks = last / CHUNK + 1;
	let load = Load {
		rows: batch.rows,
		heads: batch.heads,
		chunks: batch.chunks,
	};
	(batch, load)
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
			steps.extend(self.pass(feeds, want)?);
		}
		Ok(steps)
	}
}
