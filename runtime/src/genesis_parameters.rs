//! Writes the governed parameters of a preset into the first state, which `pallet-parameters` has
//! no genesis for.

pub use pallet::*;

#[polkadot_sdk::frame_support::pallet]
#[allow(missing_docs)] // The macro writes items that it does not document.
pub mod pallet {
	use alloc::vec::Vec;
	use codec::DecodeAll;
	use polkadot_sdk::{
		frame_support::{pallet_prelude::*, traits::dynamic_params::AggregatedKeyValue},
		pallet_parameters,
		sp_core::Bytes,
	};

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config + pallet_parameters::Config {}

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// Parameters that differ from their defaults.
	#[pallet::genesis_config]
	#[derive(polkadot_sdk::frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// SCALE of `RuntimeParameters` each, as `parameters.setParameter` takes them.
		pub values: Vec<Bytes>,
		#[doc(hidden)]
		#[serde(skip)]
		pub _config: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for value in &self.values {
				let parameter = T::RuntimeParameters::decode_all(&mut &value[..])
					// A genesis that names no parameter must not come to life.
					.expect("genesis: a value is not a governed parameter");
				let (key, value) = parameter.into_parts();
				pallet_parameters::Parameters::<T>::set(key, value);
			}
		}
	}
}
