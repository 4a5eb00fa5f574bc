//! What keeps a machine from working, and what to do about it.

use std::{
	fmt,
	path::{Path, PathBuf},
	time::{Duration, Instant, SystemTime},
};

use serde::Serialize;

use crate::{
	backend::DeviceChoice,
	bench::disk,
	devices::Devices,
	gpu::{adapters, self_test_of_cpu, Adapter, Gpu},
	source::{cache_dir, find},
	EngineError,
};

/// Free bytes below which an import or a download may not end.
const LITTLE_SPACE: u64 = 2 << 30;
/// Bytes per second, in 10^9, below which a model of some GB takes long to load.
const SLOW_DISK: f64 = 0.2;
/// The clock is watched this long,
const WATCH: Duration = Duration::from_millis(200);
/// and may be off by so much.
const DRIFT: Duration = Duration::from_millis(20);
/// Seconds from 1970 to 2026: no clock of this project's time is earlier.
const YEAR_2026: u64 = 1_767_225_600;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
	/// As it should be.
	Ok,
	/// It works, but could be better.
	Note,
	/// Something does not work.
	Failed,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
	/// What was looked at.
	pub what: String,
	/// How it is.
	pub health: Health,
	/// What was found.
	pub found: String,
	/// What to do next, unless all is well.
	pub next: Option<String>,
}

impl Check {
	/// All is well.
	pub fn ok(what: impl Into<String>, found: impl ToString) -> Self {
		Self {
			what: what.into(),
			health: Health::Ok,
			found: found.to_string(),
			next: None,
		}
	}

	/// It works; `next` makes it better.
	pub fn note(what: impl Into<String>, found: impl ToString, next: impl Into<String>) -> Self {
		Self {
			health: Health::Note,
			next: Some(next.into()),
			..Self::ok(what, found)
		}
	}

	/// It does not work until `next` is done.
	pub fn failed(what: impl Into<String>, found: impl ToString, next: impl Into<String>) -> Self {
		Self {
			health: Health::Failed,
			..Self::note(what, found, next)
		}
	}
}

impl fmt::Display for Check {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let health = match self.health {
			Health::Ok => "ok    ",
			Health::Note => "note  ",
			Health::Failed => "FAILED",
		};
		write!(f, "{health} {}: {}", self.what, self.found)?;
		self.next
			.iter()
			.try_for_each(|next| write!(f, "; next: {next}"))
	}
}

/// Fails if a check did.
///
/// # Errors
/// [`EngineError::Unhealthy`].
pub fn summary(checks: &[Check]) -> Result<(), EngineError> {
	let failed = checks
		.iter()
		.filter(|check| check.health == Health::Failed)
		.count();
	if failed == 0 {
		return Ok(());
	}
	Err(EngineError::Unhealthy {
		failed,
		all: checks.len(),
	})
}

/// Checks the devices, the folder of models (the cache if there is none) and the clock.
pub fn engine_checks(models: Option<&Path>, devices: &Devices) -> Vec<Check> {
	let (mut checks, adapters) = (vec![cpu_check()], adapters());
	let of = |choice: &DeviceChoice| gpu_checks(*choice, &adapters);
	checks.extend(devices.choices().iter().flat_map(of));
	checks.extend(folder_checks(models));
	checks.push(clock_check());
	checks
}

/// The GPUs that a choice may take; having none is a failure only where one is asked for.
fn gpu_checks(choice: DeviceChoice, adapters: &[Adapter]) -> Vec<Check> {
	let next =
		"to use a GPU install its Vulkan driver (on Debian mesa-vulkan-drivers, or NVIDIA's)";
	match choice {
		DeviceChoice::Cpu => vec![],
		DeviceChoice::Index(index) => vec![adapter_check(index, adapters.get(index))],
		DeviceChoice::Gpu if adapters.is_empty() => vec![Check::failed("GPU", "none", next)],
		DeviceChoice::Auto if adapters.is_empty() => {
			vec![Check::note("GPU", "none, the CPU computes", next)]
		}
		DeviceChoice::Auto | DeviceChoice::Gpu => {
			let all = adapters.iter().enumerate();
			all.map(|(i, adapter)| adapter_check(i, Some(adapter)))
				.collect()
		}
	}
}

fn cpu_check() -> Check {
	let threads = rayon::current_num_threads();
	match self_test_of_cpu() {
		Ok(()) => Check::ok(
			"CPU",
			format!("{threads} threads compute the recorded bits"),
		),
		Err(error) => Check::failed("CPU", error, "build the program anew, or report a defect"),
	}
}

fn adapter_check(index: usize, adapter: Option<&Adapter>) -> Check {
	let name = adapter.map_or_else(|| "missing".into(), Adapter::to_string);
	let what = format!("GPU {index}, {name}");
	let start = Instant::now();
	match Gpu::open(Some(index)) {
		Ok(_) => Check::ok(
			what,
			format!(
				"computes the recorded bits, opened in {:.1?}",
				start.elapsed()
			),
		),
		Err(error) => Check::failed(
			what,
			error,
			"update its driver, or start with `cpu` or another GPU as the device",
		),
	}
}

fn folder_checks(models: Option<&Path>) -> Vec<Check> {
	let folder = match models {
		Some(folder) => Ok(folder.to_path_buf()),
		None => cache_dir().map(|cache| cache.join("models")),
	};
	match folder {
		Ok(folder) => vec![space_check("models", &folder), models_check(&folder)],
		Err(error) => vec![Check::failed("models", error, "set ONE_CACHE or HOME")],
	}
}

/// Checks the free space of the disk of `folder`, or of the part of its path that exists.
pub fn space_check(what: &str, folder: &Path) -> Check {
	let existing = folder.ancestors().find(|folder| folder.is_dir());
	let what = format!("disk of {what}");
	match disk::free(existing.unwrap_or(Path::new("."))) {
		Ok(free) if free < LITTLE_SPACE => Check::failed(
			what,
			format!("{} MB free", free / 1_000_000),
			format!(
				"make room for {} or choose another folder",
				folder.display()
			),
		),
		Ok(free) => Check::ok(what, format!("{} GB free", free / 1_000_000_000)),
		Err(error) => Check::failed(what, error, "choose a folder that exists"),
	}
}

fn models_check(folder: &Path) -> Check {
	match largest_model(folder) {
		Ok(Some(file)) => read_check(&file),
		Ok(None) => Check::note(
			"models",
			format!("none in {}", folder.display()),
			"`one-engine import`, or `one-node model import`, makes one from a published folder",
		),
		Err(error) => Check::failed("models", error, "name a folder that can be read"),
	}
}

/// The largest container of a folder or of the folders in it, as the cache has them.
fn largest_model(folder: &Path) -> Result<Option<PathBuf>, EngineError> {
	if !folder.exists() {
		return Ok(None);
	}
	let mut largest = None;
	for folder in with_folders_below(folder)? {
		for path in find(&folder)?.into_iter().filter(|path| path.is_file()) {
			largest = largest.max(Some((disk::size(&path)?, path)));
		}
	}
	Ok(largest.map(|(_, path)| path))
}

fn with_folders_below(folder: &Path) -> Result<Vec<PathBuf>, EngineError> {
	let mut all = vec![folder.to_path_buf()];
	for entry in std::fs::read_dir(folder).map_err(EngineError::io(folder))? {
		all.push(entry.map_err(EngineError::io(folder))?.path());
	}
	all.retain(|path| path.is_dir());
	Ok(all)
}

fn read_check(file: &Path) -> Check {
	let what = format!("reading {}", file.display());
	match disk::read_gbps(file) {
		Ok(gbps) if gbps < SLOW_DISK => Check::note(
			what,
			format!("{gbps:.2} GB/s"),
			"a faster disk loads models faster",
		),
		Ok(gbps) => Check::ok(what, format!("{gbps:.2} GB/s")),
		Err(error) => Check::failed(what, error, "let this user read the file"),
	}
}

/// When the watch began by the clock, and how far that differed in the end from the machine's own
/// count of time.
fn watch_clock() -> (SystemTime, Duration) {
	let (before, wall, steady) = (Instant::now(), SystemTime::now(), Instant::now());
	std::thread::sleep(WATCH);
	let (shortest, elapsed) = (steady.elapsed(), wall.elapsed().unwrap_or_default());
	// This process may have waited between two readings, which is no fault of the clock.
	let off = elapsed.abs_diff(elapsed.clamp(shortest, before.elapsed()));
	(wall, off)
}

/// Compares the clock with the machine's own count of time, and with this project's age.
fn clock_check() -> Check {
	let next = "set the clock, and install chrony or systemd-timesyncd to keep it";
	let (wall, off) = watch_clock();
	let now = wall
		.duration_since(SystemTime::UNIX_EPOCH)
		.unwrap_or_default();
	if now.as_secs() < YEAR_2026 {
		return Check::failed("clock", "it is before 2026", next);
	}
	if off > DRIFT {
		return Check::failed("clock", format!("jumped by {off:.0?} while watched"), next);
	}
	Check::ok("clock", "runs evenly")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn gpu_should_be_missed_only_where_one_is_asked_for() {
		let health = |choice| gpu_checks(choice, &[]).first().map(|check| check.health);
		assert_eq!(health(DeviceChoice::Cpu), None);
		assert_eq!(health(DeviceChoice::Auto), Some(Health::Note));
		assert_eq!(health(DeviceChoice::Gpu), Some(Health::Failed));
	}
}
