//! The [`Backend`] of a GPU: batches, recording and read-back.

use std::collections::BTreeMap;

use bytemuck::Zeroable;
use wgpu::{Buffer, CommandEncoder, CommandEncoderDescriptor, ComputePassDescriptor};

use super::{
	ops::Load,
	program::{Batch, Program, Row},
	Gpu, CHUNK,
};
use crate::{
	backend::check_chunks,
	hash::blake2_256,
	model::{Layer, Shape},
	Backend, Chunk, EngineError, HeadAt, Model, SequenceId, Step, Want,
};

/// A model on a GPU.
pub struct GpuBackend {
	gpu: Gpu,
	shape: Shape,
	program: Program,
	staging: Buffer,
	sequences: BTreeMap<SequenceId, Sequence>,
	/// Number of the next sequence.
	next: u32,
}

#[derive(Clone, Copy)]
struct Sequence {
	/// Its place in the caches.
	slot: u32,
	/// Positions fed.
	length: u32,
}

/// A token to feed.
#[derive(Clone, Copy)]
struct Feed {
	sequence: SequenceId,
	slot: u32,
	position: u32,
	token: u32,
	head: bool,
}

fn check_variant(model: &Model) -> Result<(), EngineError> {
	let any = |has: fn(&Layer) -> bool| model.layers.iter().any(has);
	let variants = [
		("biases", any(|layer| layer.bias.is_some())),
		("norms of q and k", any(|layer| layer.qk_norm.is_some())),
		("a sliding window", model.window != 0),
	];
	match variants.into_iter().find(|(_, has)| *has) {
		Some((variant, _)) => Err(EngineError::Device(format!(
			"no GPU kernel computes {variant}"
		))),
		None => Ok(()),
	}
}

impl GpuBackend {
	/// Uploads `model` with caches for at most `max_sequences`.
	///
	/// # Errors
	/// A model that the device has no room for, or of a variant that no kernel computes.
	pub fn new(gpu: &Gpu, model: &Model, max_sequences: usize) -> Result<Self, EngineError> {
		check_variant(model)?;
		let program = Program::new(gpu, model, max_sequences)?;
		let words = program.rows as u64 * (u64::from(program.stride) + 1);
		let staging = gpu.staging(4 * words);
		gpu.check()?;
		Ok(Self {
			gpu: gpu.clone(),
			shape: model.shape,
			program,
			staging,
			sequences: BTreeMap::new(),
			next: 0,
		})
	}

	fn feeds(&self, chunks: &[Chunk<'_>], head: HeadAt) -> Vec<Feed> {
		chunks
			.iter()
			.filter_map(|chunk| Some((chunk, self.sequences.get(&chunk.sequence)?)))
			.flat_map(|(chunk, sequence)| feed(chunk, *sequence, head))
			.collect()
	}

	/// Feeds at most as many tokens as a pass takes.
	fn pass(&self, feeds: &[Feed], want: Want) -> Result<Vec<Step>, EngineError> {
		let (batch, load) = self.batch(feeds);
		self.gpu
			.queue()
			.write_buffer(&self.program.interface.batch, 0, bytemuck::bytes_of(&batch));
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

	fn batch(&self, feeds: &[Feed]) -> (Batch, Load) {
		let mut batch = Batch::zeroed();
		for (row, feed) in batch.row.iter_mut().zip(feeds) {
			let cache = feed.slot * self.shape.context + feed.position;
			*row = Row {
				cache,
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
		let load = Load {
			rows: batch.rows,
			heads: batch.heads,
			chunks: last / CHUNK + 1,
		};
		(batch, load)
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

	fn steps(&self, feeds: &[Feed], words: &[i32], logits: &[i32]) -> Vec<Step> {
		let stride = self.program.stride as usize;
		let (residual, tokens) = words.split_at(feeds.len() * stride);
		let mut tokens = tokens.iter().map(|token| *token as u32);
		let mut logits = logits.chunks_exact(self.shape.vocab as usize);
		let step = |(feed, row): (&Feed, &[i32])| Step {
			sequence: feed.sequence,
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

fn feed<'a>(
	chunk: &Chunk<'a>,
	sequence: Sequence,
	head: HeadAt,
) -> impl Iterator<Item = Feed> + 'a {
	let (id, last) = (chunk.sequence, chunk.ids.len().saturating_sub(1));
	chunk.ids.iter().enumerate().map(move |(i, token)| Feed {
		sequence: id,
		slot: sequence.slot,
		position: sequence.length + i as u32,
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

	fn max_sequences(&self) -> usize {
		self.program.sequences
	}

	fn open(&mut self) -> Result<SequenceId, EngineError> {
		let max = self.program.sequences;
		let taken = |slot| self.sequences.values().any(|s| s.slot == slot);
		let slot = (0..max as u32)
			.find(|slot| !taken(*slot))
			.ok_or(EngineError::NoFreeSequence(max))?;
		let id = SequenceId(self.next);
		self.next = self.next.wrapping_add(1);
		self.sequences.insert(id, Sequence { slot, length: 0 });
		Ok(id)
	}

	fn close(&mut self, sequence: SequenceId) {
		self.sequences.remove(&sequence);
	}

	fn forward(&mut self, chunks: &[Chunk<'_>], want: Want) -> Result<Vec<Step>, EngineError> {
		let length = |id| self.sequences.get(&id).map(|s| s.length as usize);
		check_chunks(chunks, self.shape.vocab, self.shape.context, length)?;
		let feeds = self.feeds(chunks, want.head);
		let mut steps = Vec::with_capacity(feeds.len());
		for feeds in feeds.chunks(self.program.rows) {
			steps.extend(self.pass(feeds, want)?);
		}
		for chunk in chunks {
			if let Some(sequence) = self.sequences.get_mut(&chunk.sequence) {
				sequence.length += chunk.ids.len() as u32;
			}
		}
		Ok(steps)
	}
}
