//! The two clocks.

use crate::{configs::parameters::bounded, constants::time::SLOT_DURATION, Runtime};
use polkadot_sdk::frame_support::traits::ConstU64;

impl pallet_clock::Config for Runtime {
	type SlotDuration = ConstU64<SLOT_DURATION>;
	type DayLength = bounded::DayLength;
	type WindowLength = bounded::WindowLength;
	type WeightInfo = pallet_clock::weights::SubstrateWeight<Runtime>;
}
