//! Choosing a device.

use std::{fmt, sync::Arc};

use crate::{
	backend::{pages_for, Backend, DeviceChoice},
	cpu::CpuBackend,
	gpu::{adapters, hardware, Adapter, AdapterKind, Gpu, GpuBackend},
	model::{Model, Shape},
	EngineError,
};

/// Memory for the keys and values of one model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheSize {
	/// As much as so many sequences of the whole context take.
	Sequences(usize),
	/// At most so many bytes.
	Bytes(u64),
}

impl CacheSize {
	/// Pages of a model of this shape, at least one.
	pub fn pages(self, shape: &Shape) -> usize {
		let pages = match self {
			Self::Sequences(n) => n.saturating_mul(pages_for(shape.context as usize)),
			Self::Bytes(bytes) => usize::try_from(bytes / shape.page_bytes()).unwrap_or(usize::MAX),
		};
		pages.clamp(1, u32::MAX as usize)
	}
}

/// An open device, shared by the models on it.
#[derive(Clone)]
pub enum Device {
	/// The CPU.
	Cpu,
	/// A GPU that has passed its self-test.
	Gpu(Gpu),
}

impl Device {
	/// Opens a device; `Auto` is the first of [`hardware`], else the CPU, which is faster by itself
	/// than by the shaders of a software rasteriser; why a GPU was passed over is logged.
	///
	/// # Errors
	/// A GPU that was asked for and is missing or fails.
	pub fn open(choice: DeviceChoice) -> Result<Self, EngineError> {
		match choice {
			DeviceChoice::Cpu => Ok(Self::Cpu),
			DeviceChoice::Index(index) => Gpu::open(Some(index)).map(Self::Gpu),
			DeviceChoice::Gpu => Gpu::open(None).map(Self::Gpu),
			DeviceChoice::Auto => Ok(match hardware().first() {
				Some(&index) => Gpu::open(Some(index)).map_or_else(fall_back, Self::Gpu),
				None => Self::Cpu,
			}),
		}
	}

	/// Whether it is a software rasteriser.
	pub fn is_software(&self) -> bool {
		matches!(self, Self::Gpu(gpu) if gpu.adapter().kind == AdapterKind::Software)
	}

	/// The same device opened anew, after it failed.
	///
	/// # Errors
	/// A GPU that is gone or still fails.
	pub fn reopen(&self) -> Result<Self, EngineError> {
		let Self::Gpu(gpu) = self else {
			return Ok(Self::Cpu);
		};
		let same = |adapter: &Adapter| adapter == gpu.adapter();
		let gone = || EngineError::Device(format!("{} is gone", gpu.adapter()));
		let index = adapters().iter().position(same).ok_or_else(gone)?;
		Gpu::open(Some(index)).map(Self::Gpu)
	}

	/// A back end for `model`, with a cache of this size.
	///
	/// # Errors
	/// A model that the device has no room for.
	pub fn load(
		&self,
		model: Arc<Model>,
		cache: CacheSize,
	) -> Result<Box<dyn Backend>, EngineError> {
		let pages = cache.pages(&model.shape);
		Ok(match self {
			Self::Cpu => Box::new(CpuBackend::new(model, pages)),
			Self::Gpu(gpu) => Box::new(GpuBackend::new(gpu, &model, pages)?),
		})
	}
}

impl fmt::Display for Device {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Cpu => f.write_str("cpu"),
			Self::Gpu(gpu) => gpu.adapter().fmt(f),
		}
	}
}

fn fall_back(error: EngineError) -> Device {
	log::warn!(target: "engine", "no GPU, the CPU evaluates: {error}");
	Device::Cpu
}
