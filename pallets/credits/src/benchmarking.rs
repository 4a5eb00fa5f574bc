//! Benchmarks of the hook and of the extension.

use codec::Decode;
use frame_benchmarking::v2::*;
use frame_support::{
	dispatch::{DispatchInfo, PostDispatchInfo},
	traits::Hooks,
	weights::{Weight, WeightMeter},
};
use frame_system::RawOrigin;
use one_primitives::{access::Access, benchmarking::World, clock::Clock};
use pallet_transaction_payment::ChargeTransactionPayment;
use polkadot_sdk::*;
use sp_runtime::traits::{
	AsSystemOriginSigner, AsTransactionAuthorizedOrigin, DispatchTransaction, Dispatchable, Zero,
};

use crate::*;

/// Bytes of a transaction.
const LENGTH: usize = 200;

/// The extension around one that takes fees in ONE, without a tip.
fn extension<T>() -> ChargeCredit<T, ChargeTransactionPayment<T>>
where
	T: Config,
	T::RuntimeCall: Dispatchable<Info = DispatchInfo, PostInfo = PostDispatchInfo>,
{
	ChargeTransactionPayment::from(BalanceOf::<T>::zero()).into()
}

fn info() -> DispatchInfo {
	DispatchInfo {
		call_weight: Weight::from_parts(100_000_000, 0),
		..Default::default()
	}
}

/// The call of the runtime that is SCALE encoded.
fn call<T: Config>(encoded: &[u8]) -> Result<T::RuntimeCall, BenchmarkError> {
	T::RuntimeCall::decode(&mut &encoded[..]).map_err(|_| "the call is the runtime's".into())
}

#[benchmarks(where
	T: Config + Send + Sync,
	BalanceOf<T>: Send + Sync,
	T::RuntimeCall: Dispatchable<Info = DispatchInfo, PostInfo = PostDispatchInfo>,
	<T::RuntimeCall as Dispatchable>::RuntimeOrigin:
		AsSystemOriginSigner<T::AccountId> + AsTransactionAuthorizedOrigin + Clone,
)]
mod benchmarks {
	use super::*;

	/// The day is open already.
	#[benchmark]
	fn poll() {
		T::BenchmarkHelper::pass_day();
		let now = frame_system::Pallet::<T>::block_number();
		let today = Today::<T>::get();

		#[block]
		{
			Pallet::<T>::on_poll(now, &mut WeightMeter::new());
		}

		assert_eq!(Today::<T>::get(), today);
	}

	/// The day before closes, and gives back what nobody used.
	#[benchmark]
	fn open_day() {
		T::BenchmarkHelper::holder(&account("delegate", 0, 0));
		let day = T::Clock::day();

		#[block]
		{
			Pallet::<T>::do_open(day + 1);
		}

		assert!(Days::<T>::contains_key(day + 1) && !Days::<T>::contains_key(day));
	}

	/// A delegate submits.
	#[benchmark]
	fn charge_credit() -> Result<(), BenchmarkError> {
		let delegate: T::AccountId = account("delegate", 0, 0);
		let holder = T::BenchmarkHelper::holder(&delegate);
		let model = T::BenchmarkHelper::model(0);
		let call = call::<T>(&T::BenchmarkHelper::submission(&model))?;
		let origin = RawOrigin::Signed(delegate).into();

		#[block]
		{
			extension::<T>()
				.test_run(origin, &call, &info(), LENGTH, 0, |_| Ok(().into()))?
				.map_err(|error| error.error)?;
		}

		assert!(Ledgers::<T>::get(holder).is_some_and(|ledger| ledger.used > 0));
		Ok(())
	}

	/// The fee takes the holder's tier.
	#[benchmark]
	fn charge_stake() -> Result<(), BenchmarkError> {
		let holder = T::BenchmarkHelper::holder(&account("delegate", 0, 0));
		T::BenchmarkHelper::impoverish(&holder);
		let before = T::Access::staked(&holder);
		let call = call::<T>(&T::BenchmarkHelper::exit())?;
		let origin = RawOrigin::Signed(holder.clone()).into();

		#[block]
		{
			extension::<T>()
				.test_run(origin, &call, &info(), LENGTH, 0, |_| Ok(().into()))?
				.map_err(|error| error.error)?;
		}

		assert!(T::Access::staked(&holder) < before);
		Ok(())
	}
}
