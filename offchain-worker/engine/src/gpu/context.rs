//! The opened device.

use std::{
	fmt::Display,
	sync::{Arc, Mutex, PoisonError},
};

use wgpu::Features;

use super::{
	adapter::{choose, describe, enumerate, Adapter},
	pipelines::Pipelines,
	self_test,
	tuning::{self, Tuning},
};
use crate::EngineError;

/// An opened device whose results were compared with those of the CPU.
#[derive(Clone)]
pub struct Gpu {
	inner: Arc<Inner>,
	tuning: Tuning,
}

struct Inner {
	adapter: Adapter,
	device: wgpu::Device,
	queue: wgpu::Queue,
	pipelines: Pipelines,
	failure: Arc<Mutex<Failure>>,
}

/// What a device reported since the last check.
#[derive(Default)]
struct Failure {
	reason: Option<String>,
	/// Nothing works any more: every check fails.
	lost: bool,
}

impl Failure {
	/// The first reason is the one that counts, unless the device is lost.
	fn note(slot: &Mutex<Self>, reason: impl Display, lost: bool) {
		let mut failure = slot.lock().unwrap_or_else(PoisonError::into_inner);
		if failure.reason.is_none() || lost && !failure.lost {
			failure.reason = Some(reason.to_string());
		}
		failure.lost |= lost;
	}

	fn take(slot: &Mutex<Self>) -> Option<String> {
		let mut failure = slot.lock().unwrap_or_else(PoisonError::into_inner);
		match failure.lost {
			true => failure.reason.clone(),
			false => failure.reason.take(),
		}
	}
}

impl Gpu {
	/// Opens the adapter at `index`, or the first of the best kind.
	///
	/// # Errors
	/// No such adapter, a device that cannot be opened, or one whose results differ from the CPU's.
	pub fn open(index: Option<usize>) -> Result<Self, EngineError> {
		let gpu = Self::open_untested(index)?;
		let gpu = gpu.tuned(tuning::fastest(&gpu)?);
		self_test::run(&gpu)?;
		gpu.pipelines().save();
		Ok(gpu)
	}

	fn open_untested(index: Option<usize>) -> Result<Self, EngineError> {
		let mut all = enumerate();
		let mut adapters = describe(&all);
		let at = choose(&adapters, index)?;
		let (chosen, adapter) = (all.swap_remove(at), adapters.swap_remove(at));
		let (device, queue) = request(&chosen)?;
		let inner = Inner {
			adapter,
			failure: watch(&device),
			pipelines: Pipelines::open(&device, &chosen.get_info()),
			device,
			queue,
		};
		Ok(Self {
			inner: Arc::new(inner),
			tuning: tuning::SERIAL,
		})
	}

	/// The same device with kernels that share their work in another way.
	pub(super) fn tuned(&self, tuning: Tuning) -> Self {
		Self {
			inner: self.inner.clone(),
			tuning,
		}
	}

	/// The adapter.
	pub fn adapter(&self) -> &Adapter {
		&self.inner.adapter
	}

	pub(super) const fn tuning(&self) -> Tuning {
		self.tuning
	}

	pub(super) fn device(&self) -> &wgpu::Device {
		&self.inner.device
	}

	pub(super) fn queue(&self) -> &wgpu::Queue {
		&self.inner.queue
	}

	pub(super) fn pipelines(&self) -> &Pipelines {
		&self.inner.pipelines
	}

	/// Most bytes of one storage buffer.
	pub(super) fn binding_limit(&self) -> u64 {
		let limits = self.inner.device.limits();
		limits
			.max_storage_buffer_binding_size
			.min(limits.max_buffer_size)
	}

	/// Fails if the device reported an error since the last check, such as a model beyond its
	/// memory; the models loaded before go on, unless it is lost.
	pub(super) fn check(&self) -> Result<(), EngineError> {
		Failure::take(&self.inner.failure).map_or(Ok(()), |reason| Err(self.error(reason)))
	}

	/// The device works no more.
	pub(super) fn lose(&self, reason: impl Display) {
		Failure::note(&self.inner.failure, reason, true);
	}

	/// The device hangs.
	pub(super) fn abandon(&self) {
		self.lose("hangs");
		// Who drops it waits for it, without an end.
		std::mem::forget(self.inner.clone());
	}

	/// Gives the device up, as if it were lost: all that use it fail from now on.
	pub fn destroy(&self) {
		self.inner.device.destroy();
	}

	/// An error of this device.
	pub(super) fn error(&self, reason: impl Display) -> EngineError {
		EngineError::Device(format!("{}: {reason}", self.inner.adapter))
	}
}

fn request(adapter: &wgpu::Adapter) -> Result<(wgpu::Device, wgpu::Queue), EngineError> {
	let supported = adapter.limits();
	let required_limits = wgpu::Limits {
		max_storage_buffer_binding_size: supported.max_storage_buffer_binding_size,
		max_buffer_size: supported.max_buffer_size,
		..wgpu::Limits::default()
	};
	let descriptor = wgpu::DeviceDescriptor {
		required_limits,
		required_features: adapter.features()
			& (Features::PIPELINE_CACHE | Features::TIMESTAMP_QUERY),
		..Default::default()
	};
	pollster::block_on(adapter.request_device(&descriptor))
		.map_err(|e| EngineError::Device(format!("{}: {e}", adapter.get_info().name)))
}

/// Keeps the first error of a device until it is checked: wgpu reports lack of memory, and loss, only
/// this way.
fn watch(device: &wgpu::Device) -> Arc<Mutex<Failure>> {
	let failure = Arc::<Mutex<Failure>>::default();
	let (errors, loss) = (failure.clone(), failure.clone());
	device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
		Failure::note(&errors, error, false);
	}));
	device.set_device_lost_callback(move |reason, message| {
		Failure::note(&loss, format!("is lost ({reason:?}) {message}"), true);
	});
	failure
}

/// Devices for tests, opened once, in each way the kernels can share their work.
#[cfg(test)]
pub(super) mod tests {
	#![allow(clippy::unwrap_used)]

	use std::sync::OnceLock;

	use super::*;
	use crate::gpu::{adapters, ops::linear::Sharing};

	/// The best adapter under every tuning; none, with a printed reason, where there is no adapter.
	pub fn devices() -> &'static [Gpu] {
		static DEVICES: OnceLock<Vec<Gpu>> = OnceLock::new();
		DEVICES.get_or_init(|| {
			if adapters().is_empty() {
				assert!(
					std::env::var_os("ONE_REQUIRE_GPU").is_none(),
					"no GPU adapter"
				);
				println!("skipped: no GPU adapter");
				return Vec::new();
			}
			let gpu = Gpu::open_untested(None).unwrap();
			let sharded = Tuning {
				shard: 1000,
				sharing: tuning::SERIAL.sharing.map(|sharing| Sharing {
					split: 2,
					..sharing
				}),
				..tuning::SERIAL
			};
			[tuning::SERIAL, tuning::PARALLEL, sharded]
				.map(|tuning| gpu.tuned(tuning))
				.into()
		})
	}

	#[test]
	fn open_should_fail_when_the_index_is_out_of_range() {
		let error = Gpu::open(Some(99)).map(|_| ()).unwrap_err();
		assert!(error.to_string().contains("no GPU adapter 99"));
	}

	#[test]
	fn check_should_report_an_error_once() {
		if devices().is_empty() {
			return;
		}
		let gpu = Gpu::open_untested(None).unwrap();
		drop(gpu.staging(1 << 62));
		assert!(gpu.check().is_err());
		gpu.check().unwrap();
	}

	#[test]
	fn check_should_report_a_loss_ever_after() {
		if devices().is_empty() {
			return;
		}
		let gpu = Gpu::open_untested(None).unwrap();
		gpu.destroy();
		assert!(gpu.wait().is_err());
		assert!(gpu.check().unwrap_err().to_string().contains("is lost"));
	}

	#[test]
	fn words_should_fail_when_a_binding_cannot_hold_them() {
		for gpu in devices() {
			let error = gpu.words("cache", gpu.binding_limit()).unwrap_err();
			assert!(error.to_string().contains("cache takes"));
		}
	}
}
