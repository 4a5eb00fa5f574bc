//! Governed parameters.
//!
//! A value is read through [`Clamped`], so that whatever governance writes stays within bounds
//! that only a runtime upgrade can change.

use crate::{constants::currency::MICRO_ONE, AccountId, Balance, Runtime, RuntimeEvent};
use core::marker::PhantomData;
use polkadot_sdk::{
	frame_support::{
		dynamic_params::{dynamic_pallet_params, dynamic_params},
		traits::{AsEnsureOriginWithArg, Get},
	},
	frame_system::EnsureRoot,
	*,
};

pub use dynamic::*;

/// The value of `Param`, not below `Min` and not above `Max`.
pub struct Clamped<Param, Min, Max>(PhantomData<(Param, Min, Max)>);

impl<T: Ord, Param: Get<T>, Min: Get<T>, Max: Get<T>> Get<T> for Clamped<Param, Min, Max> {
	fn get() -> T {
		Param::get().max(Min::get()).min(Max::get())
	}
}

/// The parameters, by concern.
#[dynamic_params(RuntimeParameters, pallet_parameters::Parameters::<Runtime>)]
pub mod dynamic {
	use super::*;

	/// Transaction fees.
	#[dynamic_pallet_params]
	#[codec(index = 0)]
	pub mod fees {
		/// Price of a microsecond of weight, in ONE's smallest units.
		#[codec(index = 0)]
		pub static WeightPrice: Balance = 20 * MICRO_ONE;
		/// Price of a byte of an extrinsic, in ONE's smallest units.
		#[codec(index = 1)]
		pub static BytePrice: Balance = 10 * MICRO_ONE;
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl Default for RuntimeParameters {
	fn default() -> Self {
		RuntimeParameters::Fees(fees::Parameters::WeightPrice(
			fees::WeightPrice,
			Some(MICRO_ONE),
		))
	}
}

impl pallet_parameters::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeParameters = RuntimeParameters;
	type AdminOrigin = AsEnsureOriginWithArg<EnsureRoot<AccountId>>;
	// The pallet keeps its weights private; these are for RocksDB, so on the safe side.
	type WeightInfo = ();
}
