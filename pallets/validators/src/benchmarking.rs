//! Benchmarks of the calls and of what the hooks do, with as many candidates as can be.

use alloc::{vec, vec::Vec};
use codec::Decode;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Inspect, Mutate},
		EnsureOrigin, Get, ValidatorSet,
	},
	weights::WeightMeter,
};
use frame_system::RawOrigin;
use pallet_authorship::EventHandler;
use polkadot_sdk::*;
use sp_runtime::{
	traits::{Saturating, TrailingZeroInput},
	Perbill,
};
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};

use crate::*;

/// Bond of the account that is measured.
fn bond_of<T: Config>(times: u32) -> BalanceOf<T> {
	T::MinBond::get().saturating_mul(times.into())
}

/// An account with the funds of a hundred least bonds.
fn funded<T: Config>(name: &'static str, index: u32) -> T::AccountId
where
	T::Currency: Mutate<T::AccountId>,
{
	let who = account(name, index, 0);
	let funds = bond_of::<T>(100).saturating_add(T::Currency::minimum_balance());
	T::Currency::set_balance(&who, funds);
	who
}

/// A bonded account with session keys.
fn bonded<T>(name: &'static str, index: u32, times: u32) -> Result<T::AccountId, BenchmarkError>
where
	T: Config + pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>,
	<T as pallet::Config>::Currency: Mutate<T::AccountId>,
{
	let who = funded::<T>(name, index);
	let keys = <T as pallet_session::Config>::Keys::decode(&mut TrailingZeroInput::zeroes())
		.map_err(|_| "keys decode from zeroes")?;
	pallet_session::NextKeys::<T>::insert(&who, keys);
	Pallet::<T>::do_bond(&who, bond_of::<T>(times))?;
	Ok(who)
}

/// As many candidates as can be but one, with twice the least bond.
fn crowd<T>() -> Result<(), BenchmarkError>
where
	T: Config + pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>,
	<T as pallet::Config>::Currency: Mutate<T::AccountId>,
{
	for index in 1..T::MaxCandidates::get() {
		if Candidates::<T>::get().is_full() {
			break;
		}
		Pallet::<T>::stand(&bonded::<T>("crowd", index, 2)?)?;
	}
	Ok(())
}

/// A candidate among as many as can be.
fn candidate<T>(times: u32) -> Result<T::AccountId, BenchmarkError>
where
	T: Config + pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>,
	<T as pallet::Config>::Currency: Mutate<T::AccountId>,
{
	crowd::<T>()?;
	let who = bonded::<T>("candidate", 0, times)?;
	Pallet::<T>::stand(&who)?;
	Ok(who)
}

/// Convicts `who` of an equivocation in this session; all of its bond is slashed.
fn convict<T: Config>(who: &T::AccountId) {
	let exposure = Ledgers::<T>::get(who)
		.map(|ledger| ledger.bond)
		.unwrap_or_default();
	let session = T::Sessions::session_index();
	let conviction = Conviction {
		offence: Offence::Equivocation,
		fraction: Perbill::one(),
	};
	Pallet::<T>::convict(who, exposure, session, conviction);
}

#[benchmarks(where
	T: pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>,
	<T as pallet::Config>::Currency: Mutate<<T as frame_system::Config>::AccountId>,
)]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn bond() {
		let who = funded::<T>("candidate", 0);

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), bond_of::<T>(1));

		assert!(Ledgers::<T>::contains_key(who));
	}

	#[benchmark]
	fn bond_more() -> Result<(), BenchmarkError> {
		let who = candidate::<T>(3)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), bond_of::<T>(1));

		assert_eq!(Pallet::<T>::bonded(&who)?.bond, bond_of::<T>(4));
		Ok(())
	}

	#[benchmark]
	fn unbond() -> Result<(), BenchmarkError> {
		let who = candidate::<T>(4)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), bond_of::<T>(3));

		assert_eq!(Pallet::<T>::bonded(&who)?.bond, bond_of::<T>(1));
		Ok(())
	}

	#[benchmark]
	fn withdraw() -> Result<(), BenchmarkError> {
		let who = candidate::<T>(4)?;
		Pallet::<T>::do_unbond(&who, bond_of::<T>(1))?;
		Ledgers::<T>::mutate_extant(&who, |ledger| {
			ledger
				.unbonding
				.iter_mut()
				.for_each(|chunk| chunk.until = 0)
		});

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert!(Pallet::<T>::bonded(&who)?.unbonding.is_empty());
		Ok(())
	}

	#[benchmark]
	fn validate() -> Result<(), BenchmarkError> {
		candidate::<T>(2)?;
		let who = bonded::<T>("displacing", 0, 3)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert_eq!(Pallet::<T>::bonded(&who)?.status, Status::Candidate);
		Ok(())
	}

	#[benchmark]
	fn chill() -> Result<(), BenchmarkError> {
		let who = candidate::<T>(3)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert_eq!(Pallet::<T>::bonded(&who)?.status, Status::Chilled);
		Ok(())
	}

	#[benchmark]
	fn cancel_slash() -> Result<(), BenchmarkError> {
		let origin =
			T::CancelOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let who = candidate::<T>(3)?;
		convict::<T>(&who);
		let slash = SlashIds::<T>::get().first;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, slash);

		assert_eq!(Pallet::<T>::bonded(&who)?.bond, bond_of::<T>(3));
		Ok(())
	}

	#[benchmark]
	fn on_offence(n: Linear<1, { T::MaxSeats::get() }>) -> Result<(), BenchmarkError> {
		crowd::<T>()?;
		let offenders: Vec<_> = Candidates::<T>::get()
			.into_iter()
			.take(n as usize)
			.map(|candidate| OffenceDetails {
				offender: (candidate.who, candidate.bond),
				reporters: vec![],
			})
			.collect();
		let fractions = vec![Perbill::one(); n as usize];
		let session = T::Sessions::session_index();

		#[block]
		{
			Pallet::<T>::on_offence(&offenders, &fractions, session);
		}

		assert_eq!(SlashIds::<T>::get().next, n);
		Ok(())
	}

	#[benchmark]
	fn note_author() {
		let who: T::AccountId = account("author", 0, 0);

		#[block]
		{
			Pallet::<T>::note_author(who.clone());
		}

		assert_eq!(Authored::<T>::get(who), 1);
	}

	#[benchmark]
	fn poll() -> Result<(), BenchmarkError> {
		let who = bonded::<T>("offender", 0, 1)?;
		convict::<T>(&who);
		let mut meter = WeightMeter::new();

		#[block]
		{
			Pallet::<T>::do_pay_slashes(&mut meter);
		}

		assert_eq!(SlashIds::<T>::get().first, 0);
		Ok(())
	}

	#[benchmark]
	fn pay_slash() -> Result<(), BenchmarkError> {
		let who = bonded::<T>("offender", 0, 1)?;
		convict::<T>(&who);
		Slashes::<T>::mutate_extant(0, |slash| slash.payable_at = 0);
		let mut meter = WeightMeter::new();

		#[block]
		{
			Pallet::<T>::do_pay_slashes(&mut meter);
		}

		assert!(!Ledgers::<T>::contains_key(who));
		Ok(())
	}
}
