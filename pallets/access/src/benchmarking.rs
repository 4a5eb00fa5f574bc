//! Benchmarks of the calls and of a fee paid out of a stake, at their dearest: withdrawals that fill
//! the list, a stored standing that changes, a delegation that ends.

use codec::Decode;
use frame_benchmarking::v2::*;
use frame_support::traits::{fungible::InspectHold, Get};
use frame_system::RawOrigin;
use one_primitives::{
	access::{LockId, Standing, TierId, LOCKS, TIERS},
	benchmarking::World,
};
use polkadot_sdk::*;
use sp_runtime::traits::Saturating;

use crate::*;

/// The lock that binds for the longest.
const LONGEST: LockId = LOCKS as LockId - 1;

/// The tier of the largest stakes.
const HIGHEST: TierId = TIERS as TierId - 1;

/// A holder of the lowest tier, of whose stake `chunks` parts cool down.
fn holder<T: Config>(chunks: u32) -> Result<T::AccountId, BenchmarkError> {
	let who: T::AccountId = whitelisted_caller();
	T::BenchmarkHelper::endow(&who);
	let [lowest, ..] = T::Tiers::get();
	Pallet::<T>::do_stake(&who, lowest.threshold.saturating_add(chunks.into()))?;
	for _ in 0..chunks {
		Pallet::<T>::do_unstake(&who, 1u32.into())?;
	}
	Ok(who)
}

/// What a delegate signs to be the one of `who`, signed.
fn proof<T: Config>(who: &T::AccountId) -> Result<T::Signature, BenchmarkError> {
	let signature = T::BenchmarkHelper::sign(&Pallet::<T>::delegation_message(who));
	T::Signature::decode(&mut &signature[..]).map_err(|_| BenchmarkError::Stop("no signature"))
}

/// Gives `who` a delegate that has nothing else.
fn delegated<T: Config>(who: &T::AccountId) -> Result<T::AccountId, BenchmarkError> {
	let delegate = T::BenchmarkHelper::signer();
	Pallet::<T>::do_delegate(who.clone(), delegate.clone(), &proof::<T>(who)?)?;
	Ok(delegate)
}

/// Stores a standing that the stake of `who` does not give, as when a threshold has moved.
fn outdate<T: Config>(who: &T::AccountId) {
	let standing = Standing {
		tier: 0,
		lock: LONGEST,
	};
	Stakes::<T>::mutate_extant(who, |record| record.standing.now = Some(standing));
}

/// Tier and lock that are stored of `who`.
fn standing<T: Config>(who: &T::AccountId) -> Option<Standing> {
	Stakes::<T>::get(who)?.standing.now
}

#[benchmarks]
mod benches {
	use super::*;

	#[benchmark]
	fn stake() -> Result<(), BenchmarkError> {
		let who = holder::<T>(MAX_CHUNKS)?;
		Pallet::<T>::do_lock(&who, LONGEST)?;
		let [.., highest] = T::Tiers::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), highest.threshold);

		let tier = standing::<T>(&who).map(|standing| standing.tier);
		assert_eq!(tier, Some(HIGHEST));
		Ok(())
	}

	/// The last withdrawal there is room for takes the whole stake, and with it the delegation.
	#[benchmark]
	fn unstake() -> Result<(), BenchmarkError> {
		let who = holder::<T>(MAX_CHUNKS - 1)?;
		let key = delegated::<T>(&who)?;
		let [lowest, ..] = T::Tiers::get();

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), lowest.threshold);

		assert_eq!(standing::<T>(&who), None);
		assert!(!Principals::<T>::contains_key(key));
		Ok(())
	}

	#[benchmark]
	fn withdraw() -> Result<(), BenchmarkError> {
		let who = holder::<T>(MAX_CHUNKS)?;
		outdate::<T>(&who);
		T::BenchmarkHelper::pass(T::Cooldown::get());

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		let cooling = Stakes::<T>::get(&who).map(|record| record.cooling.len());
		assert_eq!(cooling, Some(0));
		Ok(())
	}

	#[benchmark]
	fn retier() -> Result<(), BenchmarkError> {
		let who = holder::<T>(MAX_CHUNKS)?;
		Pallet::<T>::do_lock(&who, 1)?;
		outdate::<T>(&who);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), who.clone());

		assert_eq!(standing::<T>(&who), Some(Standing { tier: 0, lock: 1 }));
		Ok(())
	}

	#[benchmark]
	fn lock() -> Result<(), BenchmarkError> {
		let who = holder::<T>(MAX_CHUNKS)?;
		Pallet::<T>::do_lock(&who, 1)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), LONGEST);

		let binding = Stakes::<T>::get(&who).and_then(|record| record.binding);
		assert_eq!(binding.map(|binding| binding.lock), Some(LONGEST));
		Ok(())
	}

	#[benchmark]
	fn delegate() -> Result<(), BenchmarkError> {
		let who = holder::<T>(MAX_CHUNKS)?;
		let key = T::BenchmarkHelper::signer();
		let proof = proof::<T>(&who)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), key.clone(), proof);

		assert_eq!(Principals::<T>::get(key), Some(who));
		Ok(())
	}

	#[benchmark]
	fn undelegate() -> Result<(), BenchmarkError> {
		let who = holder::<T>(MAX_CHUNKS)?;
		let key = delegated::<T>(&who)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(!Delegates::<T>::contains_key(&who));
		assert!(!Principals::<T>::contains_key(key));
		Ok(())
	}

	/// The fee is all there is: out of every withdrawal, and out of the stake, which ends.
	#[benchmark]
	fn pay() -> Result<(), BenchmarkError> {
		let who = holder::<T>(MAX_CHUNKS)?;
		let key = delegated::<T>(&who)?;
		let fee = T::Currency::balance_on_hold(&HoldReason::Stake.into(), &who);

		#[block]
		{
			Pallet::<T>::do_pay(&who, fee)?;
		}

		assert!(!Stakes::<T>::contains_key(&who));
		assert!(!Principals::<T>::contains_key(key));
		Ok(())
	}
}
