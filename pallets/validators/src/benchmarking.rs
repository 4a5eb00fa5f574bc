//! Benchmarks of the calls and of what the hooks do, at their dearest: with as many candidates as
//! can be, of whom the one that is measured changes its place, and as much unbonding as can be.

use alloc::{vec, vec::Vec};
use codec::Decode;
use frame_benchmarking::v2::*;
use frame_support::{
	traits::{
		fungible::{Balanced, Inspect},
		EnsureOrigin, Get, ValidatorSet,
	},
	weights::WeightMeter,
};
use frame_system::RawOrigin;
use pallet_authorship::EventHandler;
use pallet_session::SessionInterface;
use polkadot_sdk::*;
use sp_runtime::{
	traits::{Saturating, TrailingZeroInput},
	Perbill,
};
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};

use crate::*;

/// The least bond, so many times.
fn bond_of<T: Config>(times: u32) -> BalanceOf<T> {
	T::MinBond::get().saturating_mul(times.into())
}

/// Gives `who` the funds of a hundred least bonds.
fn fund<T: Config>(who: &T::AccountId) -> Result<(), BenchmarkError> {
	let funds = bond_of::<T>(100).saturating_add(T::Currency::minimum_balance());
	T::Currency::resolve(who, T::Currency::issue(funds)).map_err(|_| "an account takes funds")?;
	Ok(())
}

/// Bonds the least bond so many `times` for `who`, beside `chunks` parts that unbond.
fn bonded<T: Config>(who: &T::AccountId, times: u32, chunks: u32) -> Result<(), BenchmarkError> {
	fund::<T>(who)?;
	Pallet::<T>::do_bond(who, bond_of::<T>(times).saturating_add(chunks.into()))?;
	for _ in 0..chunks {
		Pallet::<T>::do_unbond(who, 1u32.into())?;
	}
	Ok(())
}

/// Candidates with twice the least bond, so many that there is `room` for as many more.
fn crowd<T: Config>(room: u32) -> Result<(), BenchmarkError> {
	let most = T::MaxCandidates::get().saturating_sub(room);
	for index in 0..most {
		if Candidates::<T>::get().len() >= most as usize {
			break;
		}
		let who = account("candidate", index, 0);
		bonded::<T>(&who, 2, 0)?;
		Pallet::<T>::stand(&who)?;
	}
	Ok(())
}

/// The caller as a candidate among as many as can be, of whom it is the last with twice the least
/// bond, and the first with more.
fn candidate<T: Config>(times: u32, chunks: u32) -> Result<T::AccountId, BenchmarkError> {
	crowd::<T>(1)?;
	let who = whitelisted_caller();
	bonded::<T>(&who, times, chunks)?;
	Pallet::<T>::stand(&who)?;
	Ok(who)
}

/// A candidate with a pending slash, which stands again after its conviction.
fn slashed<T: Config>() -> Result<T::AccountId, BenchmarkError> {
	let who = candidate::<T>(4, MAX_CHUNKS)?;
	let session = T::Sessions::session_index();
	let conviction = Conviction {
		offence: Offence::Equivocation,
		fraction: Perbill::one(),
	};
	Pallet::<T>::convict(&who, bond_of::<T>(1), session, conviction);
	Ledgers::<T>::mutate_extant(&who, |ledger| ledger.status = Status::Chilled);
	Pallet::<T>::stand(&who)?;
	Ok(who)
}

/// The bond of `who`.
fn bond_left<T: Config>(who: &T::AccountId) -> Option<BalanceOf<T>> {
	Ledgers::<T>::get(who).map(|ledger| ledger.bond)
}

/// The status of `who`.
fn status<T: Config>(who: &T::AccountId) -> Option<Status> {
	Ledgers::<T>::get(who).map(|ledger| ledger.status)
}

#[benchmarks(where
	T: pallet_session::Config<ValidatorId = <T as frame_system::Config>::AccountId>,
)]
mod benches {
	use super::*;

	/// By one of whose bond all unbonds.
	#[benchmark]
	fn bond() -> Result<(), BenchmarkError> {
		let who: T::AccountId = whitelisted_caller();
		bonded::<T>(&who, 1, MAX_CHUNKS - 1)?;
		Pallet::<T>::do_unbond(&who, bond_of::<T>(1))?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), bond_of::<T>(1));

		assert_eq!(bond_left::<T>(&who), Some(bond_of::<T>(1)));
		Ok(())
	}

	#[benchmark]
	fn bond_more() -> Result<(), BenchmarkError> {
		let who = candidate::<T>(2, MAX_CHUNKS)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), bond_of::<T>(1));

		assert_eq!(bond_left::<T>(&who), Some(bond_of::<T>(3)));
		Ok(())
	}

	#[benchmark]
	fn unbond() -> Result<(), BenchmarkError> {
		let who = candidate::<T>(4, MAX_CHUNKS - 1)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()), bond_of::<T>(3));

		assert_eq!(bond_left::<T>(&who), Some(bond_of::<T>(1)));
		Ok(())
	}

	#[benchmark]
	fn withdraw() -> Result<(), BenchmarkError> {
		let who = candidate::<T>(2, MAX_CHUNKS)?;
		Ledgers::<T>::mutate_extant(&who, |ledger| {
			for chunk in &mut ledger.unbonding {
				chunk.until = 0;
			}
		});

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		let unbonding = Ledgers::<T>::get(&who).map(|ledger| ledger.unbonding.len());
		assert_eq!(unbonding, Some(0));
		Ok(())
	}

	/// By one that was convicted in an earlier session, and displaces the last candidate.
	#[benchmark]
	fn validate() -> Result<(), BenchmarkError> {
		crowd::<T>(0)?;
		let who: T::AccountId = whitelisted_caller();
		bonded::<T>(&who, 3, MAX_CHUNKS)?;
		let convicted = Status::Convicted {
			offence: Offence::Equivocation,
			until: T::Sessions::session_index(),
		};
		Ledgers::<T>::mutate_extant(&who, |ledger| ledger.status = convicted);
		let keys = Decode::decode(&mut TrailingZeroInput::zeroes())
			.map_err(|_| "keys decode from zeroes")?;
		T::Sessions::set_keys(&who, keys)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert_eq!(status::<T>(&who), Some(Status::Candidate));
		assert!(Candidates::<T>::get().is_full());
		Ok(())
	}

	#[benchmark]
	fn chill() -> Result<(), BenchmarkError> {
		let who = candidate::<T>(3, MAX_CHUNKS)?;

		#[extrinsic_call]
		_(RawOrigin::Signed(who.clone()));

		assert_eq!(status::<T>(&who), Some(Status::Chilled));
		Ok(())
	}

	#[benchmark]
	fn cancel_slash() -> Result<(), BenchmarkError> {
		let origin =
			T::CancelOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let who = slashed::<T>()?;

		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, SlashIds::<T>::get().first);

		assert_eq!(bond_left::<T>(&who), Some(bond_of::<T>(4)));
		Ok(())
	}

	/// The offenders are validators of this session, so that as many are disabled as may be.
	#[benchmark]
	fn on_offence(n: Linear<1, { T::MaxSeats::get() }>) -> Result<(), BenchmarkError> {
		crowd::<T>(0)?;
		let mut seats: Vec<_> = Candidates::<T>::get().into();
		seats.truncate(T::MaxSeats::get() as usize);
		let validators: Vec<_> = seats.iter().map(|seat| seat.who.clone()).collect();
		pallet_session::Validators::<T>::put(validators);
		let offenders: Vec<_> = seats
			.into_iter()
			.take(n as usize)
			.map(|seat| OffenceDetails {
				offender: (seat.who, seat.bond),
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

	/// The oldest slash is not due yet.
	#[benchmark]
	fn poll() -> Result<(), BenchmarkError> {
		slashed::<T>()?;

		#[block]
		{
			Pallet::<T>::do_pay_slashes(&mut WeightMeter::new());
		}

		assert_eq!(SlashIds::<T>::get().first, 0);
		Ok(())
	}

	#[benchmark]
	fn pay_slash() -> Result<(), BenchmarkError> {
		slashed::<T>()?;
		let first = SlashIds::<T>::get().first;
		Slashes::<T>::mutate_extant(first, |slash| slash.payable_at = 0);

		#[block]
		{
			Pallet::<T>::do_pay_slashes(&mut WeightMeter::new());
		}

		assert!(!Slashes::<T>::contains_key(first));
		Ok(())
	}
}
