//! Allocation and uploads.

use bytemuck::{NoUninit, Pod};
use wgpu::{
	util::{BufferInitDescriptor, DeviceExt},
	Buffer, BufferDescriptor, BufferUsages, MapMode, PollType,
};

use super::Gpu;
use crate::EngineError;

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
		Ok(self.device().create_buffer(&BufferDescriptor {
			label: Some(what),
			size,
			usage: BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST,
			mapped_at_creation: false,
		}))
	}

	/// A storage buffer that holds `data`.
	pub(super) fn upload<T: NoUninit>(&self, what: &str, data: &[T]) -> Buffer {
		self.device().create_buffer_init(&BufferInitDescriptor {
			label: Some(what),
			contents: bytemuck::cast_slice(data),
			usage: BufferUsages::STORAGE | BufferUsages::COPY_SRC,
		})
	}

	/// A uniform buffer that holds `data`.
	pub(super) fn uniform<T: NoUninit>(&self, data: &T) -> Buffer {
		self.device().create_buffer_init(&BufferInitDescriptor {
			label: None,
			contents: bytemuck::bytes_of(data),
			usage: BufferUsages::UNIFORM | BufferUsages::COPY_DST,
		})
	}

	/// A buffer of `size` bytes for results on their way to the host.
	pub(super) fn staging(&self, size: u64) -> Buffer {
		self.device().create_buffer(&BufferDescriptor {
			label: Some("staging"),
			size,
			usage: BufferUsages::COPY_DST | BufferUsages::MAP_READ,
			mapped_at_creation: false,
		})
	}

	/// Waits for all submitted work.
	///
	/// # Errors
	/// Whatever the device reported since the last check.
	pub(super) fn wait(&self) -> Result<(), EngineError> {
		let polled = self.device().poll(PollType::wait_indefinitely());
		polled.map_err(|e| self.error(e))?;
		self.check()
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
			.recv()
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
