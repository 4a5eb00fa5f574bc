//! Allocation and uploads.

use std::{
	panic::{catch_unwind, AssertUnwindSafe},
	time::Duration,
};

use bytemuck::{NoUninit, Pod};
use wgpu::{Buffer, BufferDescriptor, BufferUsages, MapMode, PollError, PollType};

use super::Gpu;
use crate::{error::panic_message, EngineError};

/// Bytes written at once: each write takes as much memory again until it is carried out.
const PIECE: usize = 32 << 20;

/// A device that works as long as this on one submission hangs; a slow software rasteriser needs
/// minutes for the longest.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

impl Gpu {
	/// A storage buffer of `len` words of 32 bits, all zero.
	///
	/// # Errors
	/// One larger than a binding may be; `what` names it.
	pub(super) fn words(&self, what: &str, len: u64) -> Result<Buffer, EngineError> {
		let size = 4 * len.max(4);
		if size > self.binding_limit() {
			let limit = self.binding_limit();
			return Err(self.error(format!("{what} takes {size} bytes, a buffer holds {limit}")));
		}
		Ok(self.buffer(what, size, BufferUsages::STORAGE | BufferUsages::COPY_SRC))
	}

	/// A storage buffer that holds `data`, whole words; [`check`](Self::check) tells if there was no
	/// room for it.
	pub(super) fn upload<T: NoUninit>(&self, what: &str, data: &[T]) -> Buffer {
		let bytes: &[u8] = bytemuck::cast_slice(data);
		let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
		let buffer = self.buffer(what, bytes.len() as u64, usage);
		for (at, piece) in (0..).step_by(PIECE).zip(bytes.chunks(PIECE)) {
			self.queue().write_buffer(&buffer, at, piece);
			if piece.len() == PIECE {
				self.flush();
			}
		}
		buffer
	}

	/// A uniform buffer that holds `data`, whole words.
	pub(super) fn uniform<T: NoUninit>(&self, data: &T) -> Buffer {
		let bytes = bytemuck::bytes_of(data);
		let buffer = self.buffer("uniform", bytes.len() as u64, BufferUsages::UNIFORM);
		self.queue().write_buffer(&buffer, 0, bytes);
		buffer
	}

	/// A buffer of `size` bytes for results on their way to the host.
	pub(super) fn staging(&self, size: u64) -> Buffer {
		self.buffer("staging", size, BufferUsages::MAP_READ)
	}

	/// A buffer of `size` bytes that can be written.
	fn buffer(&self, what: &str, size: u64, usage: BufferUsages) -> Buffer {
		self.device().create_buffer(&BufferDescriptor {
			label: Some(what),
			size,
			usage: usage | BufferUsages::COPY_DST,
			mapped_at_creation: false,
		})
	}

	/// Carries out what was written, which gives back the memory that it took on its way.
	pub(super) fn flush(&self) {
		self.queue().submit([]);
		self.settle();
	}

	/// Waits for all submitted work.
	///
	/// # Errors
	/// Whatever the device reported since the last check.
	pub(super) fn wait(&self) -> Result<(), EngineError> {
		self.settle();
		self.check()
	}

	/// Waits for all submitted work; a device that is lost or hangs meanwhile has failed.
	fn settle(&self) {
		let all = PollType::Wait {
			submission_index: None,
			timeout: Some(PATIENCE),
		};
		// The loss of a device is a panic here.
		match catch_unwind(AssertUnwindSafe(|| self.device().poll(all))) {
			Ok(Ok(_)) => (),
			Ok(Err(PollError::Timeout)) => self.abandon(),
			Ok(Err(error)) => self.lose(error),
			Err(panic) => self.lose(panic_message(&*panic)),
		}
	}

	/// Waits for all submitted work and returns the first `bytes` of a staging buffer.
	///
	/// # Errors
	/// Whatever the device reported since the last check.
	pub(super) fn read<T: Pod>(&self, staging: &Buffer, bytes: u64) -> Result<Vec<T>, EngineError> {
		let (sender, receiver) = std::sync::mpsc::channel();
		staging.map_async(MapMode::Read, ..bytes, move |result| {
			// The receiver waits below; it is gone only after an error was returned.
			let _ = sender.send(result);
		});
		self.wait()?;
		receiver
			.recv_timeout(PATIENCE)
			.map_err(|e| self.error(e))?
			.map_err(|e| self.error(e))?;
		let view = staging
			.get_mapped_range(..bytes)
			.map_err(|e| self.error(e))?;
		let values = bytemuck::pod_collect_to_vec(&view);
		drop(view);
		staging.unmap();
		Ok(values)
	}
}
