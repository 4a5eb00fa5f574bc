//! Choosing a device.

use std::sync::Arc;

use crate::{
	backend::{Backend, DeviceChoice},
	cpu::CpuBackend,
	gpu::{Gpu, GpuBackend},
	model::Model,
	EngineError,
};

/// An open device, shared by the models on it.
#[derive(Clone)]
pub enum Device {
	/// The CPU.
	Cpu,
	/// A GPU that has passed its self-test.
	Gpu(Gpu),
}

impl Device {
	/// Opens a device; `Auto` falls back to the CPU and logs why.
	///
	/// # Errors
	/// A GPU that was asked for by its index and is missing or fails.
	pub fn open(choice: DeviceChoice) -> Result<Self, EngineError> {
		match choice {
			DeviceChoice::Cpu => Ok(Self::Cpu),
			DeviceChoice::Index(index) => Gpu::open(Some(index)).map(Self::Gpu),
			DeviceChoice::Auto => Ok(Gpu::open(None).map_or_else(fall_back, Self::Gpu)),
		}
	}

	/// A back end for `model`, with room for `max_sequences`.
	///
	/// # Errors
	/// A model that the device has no room for.
	pub fn load(
		&self,
		model: Arc<Model>,
		max_sequences: usize,
	) -> Result<Box<dyn Backend>, EngineError> {
		Ok(match self {
			Self::Cpu => Box::new(CpuBackend::new(model, max_sequences)),
			Self::Gpu(gpu) => Box::new(GpuBackend::new(gpu, &model, max_sequences)?),
		})
	}
}

fn fall_back(error: EngineError) -> Device {
	log::info!(target: "engine", "no GPU, the CPU evaluates: {error}");
	Device::Cpu
}
