//! The adapters of this machine, and the choice among them.

use std::fmt;

use wgpu::{AdapterInfo, Backends, DeviceType, Instance, InstanceDescriptor};

use crate::EngineError;

/// What stands behind an adapter, the fastest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AdapterKind {
	/// A card with memory of its own.
	Discrete,
	/// A part of the processor.
	Integrated,
	/// Hardware of a kind that the driver does not tell.
	Other,
	/// A software rasteriser, such as llvmpipe.
	Software,
}

impl From<DeviceType> for AdapterKind {
	fn from(kind: DeviceType) -> Self {
		match kind {
			DeviceType::DiscreteGpu => Self::Discrete,
			DeviceType::IntegratedGpu => Self::Integrated,
			DeviceType::VirtualGpu | DeviceType::Other => Self::Other,
			DeviceType::Cpu => Self::Software,
		}
	}
}

/// An adapter of this machine; two that are equal in everything are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
	/// Its name, as the driver gives it.
	pub name: String,
	/// The interface it is reached by, such as `vulkan`.
	pub interface: String,
	/// What stands behind it.
	pub kind: AdapterKind,
	/// Its place on the PCI bus, such as `0000:01:00.0`; empty if the driver does not tell.
	pub bus: String,
	/// How many adapters that are equal in all of the above come before it.
	pub twin: usize,
}

impl From<AdapterInfo> for Adapter {
	fn from(info: AdapterInfo) -> Self {
		Self {
			name: info.name,
			interface: info.backend.to_string(),
			kind: info.device_type.into(),
			bus: info.device_pci_bus_id,
			twin: 0,
		}
	}
}

impl fmt::Display for Adapter {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self.bus.as_str() {
			"" => f.write_str(&self.name),
			bus => write!(f, "{} ({bus})", self.name),
		}
	}
}

/// All adapters, in the order of their index.
pub fn adapters() -> Vec<Adapter> {
	describe(&enumerate())
}

pub(super) fn enumerate() -> Vec<wgpu::Adapter> {
	let instance = Instance::new(InstanceDescriptor::new_without_display_handle());
	pollster::block_on(instance.enumerate_adapters(Backends::all()))
}

pub(super) fn describe(all: &[wgpu::Adapter]) -> Vec<Adapter> {
	number(all.iter().map(|adapter| adapter.get_info().into()))
}

/// Tells equal adapters apart by their order.
fn number(all: impl Iterator<Item = Adapter>) -> Vec<Adapter> {
	let mut numbered = Vec::new();
	for mut adapter in all {
		while numbered.contains(&adapter) {
			adapter.twin += 1;
		}
		numbered.push(adapter);
	}
	numbered
}

/// Indices of the GPUs that are used unasked: those of the best kind, each once.
pub fn hardware() -> Vec<usize> {
	best(&adapters())
}

fn best(adapters: &[Adapter]) -> Vec<usize> {
	let hardware = |adapter: &&Adapter| adapter.kind != AdapterKind::Software;
	let best = adapters.iter().filter(hardware).min_by_key(|a| a.kind);
	let Some(best) = best else {
		return Vec::new();
	};
	let alike = |a: &Adapter| a.kind == best.kind && a.interface == best.interface;
	let again = |i: usize| {
		adapters[..i]
			.iter()
			.any(|a| alike(a) && same_card(a, &adapters[i]))
	};
	(0..adapters.len())
		.filter(|i| alike(&adapters[*i]) && !again(*i))
		.collect()
}

/// Whether two drivers show one card, each by another name; equal names at one place are two cards
/// of which the interface knows the place of one only.
fn same_card(a: &Adapter, b: &Adapter) -> bool {
	!a.bus.is_empty() && a.bus == b.bus && a.name != b.name
}

/// Place of the adapter at `index`, or of the first of the best kind.
///
/// # Errors
/// No such adapter.
pub(super) fn choose(adapters: &[Adapter], index: Option<usize>) -> Result<usize, EngineError> {
	let found = adapters.len();
	let at = match index {
		Some(index) => Some(index).filter(|i| *i < found),
		None => (0..found).min_by_key(|i| adapters[*i].kind),
	};
	at.ok_or_else(|| match index {
		Some(index) => EngineError::Device(format!("no GPU adapter {index}, there are {found}")),
		None => EngineError::Device("no GPU adapter, install a Vulkan driver".into()),
	})
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;

	/// A card of this name at this place.
	fn card(name: &str, bus: &str) -> Adapter {
		Adapter {
			name: name.into(),
			interface: "vulkan".into(),
			kind: AdapterKind::Discrete,
			bus: bus.into(),
			twin: 0,
		}
	}

	#[test]
	fn adapters_should_differ_when_the_cards_are_equal() {
		let cards = [
			card("A", "1"),
			card("A", "2"),
			card("B", ""),
			card("B", ""),
			card("B", ""),
		];
		let numbered = number(cards.into_iter());
		let twins: Vec<usize> = numbered.iter().map(|card| card.twin).collect();
		assert_eq!(twins, [0, 0, 0, 1, 2]);
		assert_eq!(numbered[1].to_string(), "A (2)");
		assert_eq!(numbered[4].to_string(), "B");
	}

	#[test]
	fn choose_should_prefer_cards_when_no_index_is_given() {
		let all = [
			AdapterKind::Software,
			AdapterKind::Integrated,
			AdapterKind::Discrete,
		]
		.map(|kind| Adapter {
			kind,
			..card("A", "")
		});
		assert_eq!(choose(&all, None).unwrap(), 2);
		assert_eq!(choose(&all, Some(1)).unwrap(), 1);
		assert!(choose(&all, Some(3)).is_err());
		assert!(choose(&[], None).is_err());
	}

	#[test]
	fn hardware_should_be_all_cards_when_there_are_other_adapters() {
		let of = |kind| Adapter {
			kind,
			..card("other", "")
		};
		let mut adapters = vec![of(AdapterKind::Software)];
		assert!(best(&adapters).is_empty());
		adapters.push(of(AdapterKind::Integrated));
		assert_eq!(best(&adapters), [1]);
		adapters.extend([card("A", "1"), card("A", "2"), card("B", "3")]);
		assert_eq!(best(&adapters), [2, 3, 4]);
	}

	#[test]
	fn hardware_should_name_a_card_once_when_it_is_reached_in_two_ways() {
		let other_interface = Adapter {
			interface: "dx12".into(),
			..card("A", "1")
		};
		let other_driver = card("A by another driver", "1");
		let adapters = [
			card("A", "1"),
			card("A", "1"),
			other_interface,
			other_driver,
		];
		assert_eq!(best(&adapters), [0, 1]);
	}
}
