//! A choice of several devices.

use std::str::FromStr;

use crate::{backend::DeviceChoice, gpu::hardware, EngineError};

/// Devices that each evaluate on their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Devices(Vec<DeviceChoice>);

impl Devices {
	/// As they were named.
	pub fn choices(&self) -> &[DeviceChoice] {
		&self.0
	}

	/// What `open` makes of each device, in their order; at least one. `auto` is every GPU of
	/// [`hardware`] but those that fail, and the CPU where none is left.
	///
	/// # Errors
	/// What `open` reports of a device that was named, or of the CPU.
	pub fn open<T>(
		&self,
		open: impl Fn(DeviceChoice) -> Result<T, EngineError>,
	) -> Result<Vec<T>, EngineError> {
		match self.0[..] {
			[DeviceChoice::Auto] => those_that_work(&hardware(), open),
			_ => self.0.iter().map(|choice| open(*choice)).collect(),
		}
	}
}

fn those_that_work<T>(
	gpus: &[usize],
	open: impl Fn(DeviceChoice) -> Result<T, EngineError>,
) -> Result<Vec<T>, EngineError> {
	let open_gpu = |index: &usize| {
		let tell =
			|error: &EngineError| log::warn!(target: "engine", "GPU {index} is not used: {error}");
		open(DeviceChoice::Index(*index)).inspect_err(tell).ok()
	};
	let opened: Vec<T> = gpus.iter().filter_map(open_gpu).collect();
	if opened.is_empty() {
		return open(DeviceChoice::Cpu).map(|cpu| vec![cpu]);
	}
	Ok(opened)
}

impl From<DeviceChoice> for Devices {
	fn from(choice: DeviceChoice) -> Self {
		Self(vec![choice])
	}
}

impl FromStr for Devices {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let choices: Vec<DeviceChoice> = text
			.split(',')
			.map(str::parse)
			.collect::<Result<_, String>>()?;
		let is_one =
			|choice: &DeviceChoice| matches!(choice, DeviceChoice::Cpu | DeviceChoice::Index(_));
		if choices.len() > 1 && !choices.iter().all(is_one) {
			return Err("a list of devices is of `cpu` and of adapter indices".into());
		}
		match (1..choices.len()).find(|i| choices[..*i].contains(&choices[*i])) {
			Some(_) => Err(format!("`{text}` names a device twice")),
			None => Ok(Self(choices)),
		}
	}
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;
	use DeviceChoice::{Auto, Cpu, Gpu, Index};

	fn opened(devices: &str) -> Result<Vec<DeviceChoice>, EngineError> {
		devices.parse::<Devices>().unwrap().open(Ok)
	}

	/// Opens nothing but the CPU and GPU 1.
	fn some(choice: DeviceChoice) -> Result<DeviceChoice, EngineError> {
		match choice {
			Cpu | Index(1) => Ok(choice),
			_ => Err(EngineError::Device("broken".into())),
		}
	}

	#[test]
	fn devices_should_be_those_named_when_the_list_is_sound() {
		assert_eq!(opened("1,0,cpu").unwrap(), [Index(1), Index(0), Cpu]);
		assert_eq!(opened("gpu").unwrap(), [Gpu]);
		assert_eq!("auto".parse(), Ok(Devices::from(Auto)));
	}

	#[test]
	fn devices_should_be_refused_when_one_is_unknown_or_may_be_named_twice() {
		for text in ["", "0,", "x", "0,0", "cpu,1,cpu", "auto,cpu", "0,gpu"] {
			assert!(text.parse::<Devices>().is_err(), "{text}");
		}
	}

	#[test]
	fn open_should_fail_when_a_named_device_does() {
		let devices: Devices = "1,0".parse().unwrap();
		assert!(devices.open(some).is_err());
	}

	#[test]
	fn auto_should_be_the_gpus_that_work_or_else_the_cpu() {
		assert_eq!(those_that_work(&[0, 1, 2], some).unwrap(), [Index(1)]);
		assert_eq!(those_that_work(&[0, 2], some).unwrap(), [Cpu]);
		assert_eq!(those_that_work(&[], some).unwrap(), [Cpu]);
	}
}
