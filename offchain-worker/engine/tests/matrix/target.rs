//! Everything on this machine that evaluates models.

use std::sync::{Arc, OnceLock};

use one_engine::{
	cpu::{
		kernels::{self, Kernels},
		CpuBackend,
	},
	device::Device,
	gpu::{adapters, Gpu, GpuBackend},
	Backend, Model,
};

/// A set of kernels of the processor, or a GPU.
pub enum Target {
	Cpu(&'static dyn Kernels),
	Gpu(Gpu),
}

impl Target {
	pub fn name(&self) -> String {
		match self {
			Self::Cpu(kernels) => format!("cpu, {}", kernels.name()),
			Self::Gpu(gpu) => gpu.adapter().name.clone(),
		}
	}

	pub fn backend(&self, model: &Arc<Model>, pages: usize) -> Box<dyn Backend> {
		match self {
			Self::Cpu(kernels) => {
				Box::new(CpuBackend::new(model.clone(), pages).with_kernels(*kernels))
			}
			Self::Gpu(gpu) => Box::new(GpuBackend::new(gpu, model, pages).unwrap()),
		}
	}

	/// Loses the device, as far as it can be lost.
	pub fn lose(&self) {
		if let Self::Gpu(gpu) = self {
			gpu.destroy();
		}
	}

	/// The same, opened anew.
	pub fn reopen(&self) -> Self {
		match self {
			Self::Cpu(kernels) => Self::Cpu(*kernels),
			Self::Gpu(gpu) => match Device::Gpu(gpu.clone()).reopen().unwrap() {
				Device::Gpu(gpu) => Self::Gpu(gpu),
				Device::Cpu => panic!("a GPU was opened as a CPU"),
			},
		}
	}
}

/// Every set of kernels, the definition first, and every GPU.
pub fn targets() -> &'static [Target] {
	static ALL: OnceLock<Vec<Target>> = OnceLock::new();
	ALL.get_or_init(|| {
		let sets = kernels::all().into_iter().map(Target::Cpu);
		sets.chain(gpus().into_iter().map(Target::Gpu)).collect()
	})
}

/// All adapters that open; none, with a printed reason, where there are none and none is required.
fn gpus() -> Vec<Gpu> {
	let found = adapters();
	let required = std::env::var_os("ONE_REQUIRE_GPU").is_some() || !found.is_empty();
	let open = |(i, adapter)| {
		let opened = Gpu::open(Some(i));
		opened
			.map_err(|error| println!("skipped: {adapter:?}: {error}"))
			.ok()
	};
	let gpus: Vec<Gpu> = found.iter().enumerate().filter_map(open).collect();
	assert!(!(required && gpus.is_empty()), "no GPU");
	if gpus.is_empty() {
		println!("skipped: no GPU adapter");
	}
	gpus
}
