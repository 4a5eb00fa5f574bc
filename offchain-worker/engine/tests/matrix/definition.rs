//! What is right: the functions of `one_arithmetic`, one request alone.

use std::{collections::HashMap, sync::Arc};

use one_engine::{
	backend::pages_for,
	cpu::{kernels::Scalar, CpuBackend},
	hash::{Hash, Hasher},
	scheduler::{Answer, Decode},
	Backend, Chunk, Finish, HeadAt, Model, Step, Want,
};

/// Everything that a position gives.
pub const ALL: Want = Want {
	head: HeadAt::All,
	logits: true,
};

/// Names a sequence of ids by the sequence before its last.
pub fn name(before: &Hash, id: u32) -> Hash {
	Hasher::new("ids").with(before).number(id).finish()
}

/// The name of no ids.
pub const NO_IDS: Hash = [0; 32];

/// Answers requests, and keeps what every sequence of ids gave.
pub struct Definition {
	backend: CpuBackend,
	pages: Vec<u32>,
	/// By the [`name`] of the sequence.
	pub known: HashMap<Hash, Step>,
}

impl Definition {
	pub fn new(model: &Arc<Model>) -> Self {
		let pages = pages_for(model.shape.context as usize);
		Self {
			backend: CpuBackend::new(model.clone(), pages).with_kernels(&Scalar),
			pages: (0..pages as u32).collect(),
			known: HashMap::new(),
		}
	}

	/// Feeds the prompt at once and every token of the answer but the last by itself.
	pub fn answer(&mut self, decode: &Decode) -> Answer {
		let (prompt, mut ids) = (decode.prompt.len(), decode.prompt.clone());
		let limit = decode.limit(self.backend.model().shape.context);
		let mut steps = vec![];
		while ids.len() < prompt + limit {
			steps.extend(self.feed(steps.len(), &ids));
			ids.extend(decode.choose(&ids, &steps[ids.len() - 1]));
		}
		self.keep(&ids, &steps);
		Answer {
			ids: ids.split_off(prompt),
			spoken: limit,
			residuals: steps.iter().map(|step| step.residual_hash).collect(),
			finish: Finish::Length,
		}
	}

	/// All of `ids` from a position on.
	pub fn feed(&mut self, start: usize, ids: &[u32]) -> Vec<Step> {
		let chunk = Chunk {
			pages: &self.pages,
			start: start as u32,
			ids: &ids[start..],
		};
		self.backend.forward(&[chunk], ALL).unwrap()
	}

	fn keep(&mut self, ids: &[u32], steps: &[Step]) {
		let mut sequence = NO_IDS;
		for (id, step) in ids.iter().zip(steps) {
			sequence = name(&sequence, *id);
			self.known.insert(sequence, step.clone());
		}
	}
}
