//! What stands for a back end that is gone.

use crate::{
	backend::{Backend, Chunk, Step, Want},
	EngineError,
};

/// Takes requests as the back end did, and fails to feed them.
pub struct Lost {
	device: String,
	pages: usize,
}

impl Lost {
	/// In place of `backend`.
	pub fn from(backend: &dyn Backend) -> Self {
		Self {
			device: backend.device().into(),
			pages: backend.pages(),
		}
	}
}

impl Backend for Lost {
	fn device(&self) -> &str {
		&self.device
	}

	fn pages(&self) -> usize {
		self.pages
	}

	fn forward(&mut self, _: &[Chunk<'_>], _: Want) -> Result<Vec<Step>, EngineError> {
		Err(EngineError::Device(format!("{} is lost", self.device)))
	}
}
