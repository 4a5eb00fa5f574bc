//! Benchmarks of the hook's steps, each at its dearest.

use one_primitives::{benchmarking::World, Usdc};
use polkadot_sdk::{
	frame_benchmarking::v2::*,
	frame_support::{
		traits::{fungible::Mutate, Get},
		weights::WeightMeter,
		BoundedVec,
	},
	sp_core::H256,
};

use crate::{
	tree::GrowingTree,
	types::{Balance, HaltReason, Payment, RoundRecord},
	*,
};

/// Micro-USDC that a worker is owed.
const OWED: Usdc = 1_000_000;
/// Micro-USDC in a pot of which the smallest share is something.
const RICH: Usdc = 1_000_000_000_000;
/// 10^-12 ONE of fees: more than is sold at once.
const FEES: Balance = 1 << 60;
/// Bits of a number of leaves that are all set.
const PEAKS: u32 = 31;

/// The tree with the most peaks.
fn largest_tree() -> GrowingTree {
	let peaks = [H256::repeat_byte(7); PEAKS as usize].to_vec();
	GrowingTree {
		leaves: (1 << PEAKS) - 1,
		peaks: BoundedVec::truncate_from(peaks),
	}
}

#[benchmarks]
mod benchmarks {
	use super::*;

	/// A sale that ends a halt.
	#[benchmark]
	fn sell() -> Result<(), BenchmarkError> {
		T::BenchmarkHelper::fill_credit_pot(OWED);
		T::Currency::mint_into(&Pallet::<T>::fee_account(), FEES)?;
		let before = Pallet::<T>::fee_pot();
		Halt::<T>::put(HaltReason::PoolMoved);

		#[block]
		{
			Pallet::<T>::do_sell();
		}

		assert!(Pallet::<T>::fee_pot() < before && !Halt::<T>::exists());
		Ok(())
	}

	/// The first of an author without an account.
	#[benchmark]
	fn stipend() {
		let who: T::AccountId = account("author", 0, 0);
		T::BenchmarkHelper::fill_credit_pot(RICH);
		Receipts::<T>::insert(&who, largest_tree());

		#[block]
		{
			let _ = T::Author::get();
			Pallet::<T>::accrue_stipend_of(who.clone());
		}

		assert!(Earnings::<T>::get(&who).waiting);
	}

	/// Transfers are booked, and the statements of a window are dropped that has none.
	#[benchmark]
	fn settle() -> Result<(), BenchmarkError> {
		T::BenchmarkHelper::fill_credit_pot(OWED);
		T::UsdcAsset::mint_into(&Pallet::<T>::usdc_account(), OWED)?;
		LastWindow::<T>::put(0);
		for _ in 0..T::StatementWindows::get() {
			T::BenchmarkHelper::pass_window();
		}
		let mut meter = WeightMeter::with_limit(T::WeightInfo::prune());

		#[block]
		{
			Pallet::<T>::do_settle(&mut meter);
		}

		assert!(LastWindow::<T>::get() > Some(0) && !Round::<T>::exists());
		assert_eq!(OldestPayment::<T>::get(), 1);
		Ok(())
	}

	/// A payee without an account.
	#[benchmark]
	fn pay() {
		let who: T::AccountId = account("payee", 0, 0);
		T::BenchmarkHelper::owe(&who, OWED);
		Receipts::<T>::insert(&who, largest_tree());
		let (mut queue, mut round) = (Queue::<T>::get(), RoundRecord::default());

		#[block]
		{
			Pallet::<T>::pay_next(&mut queue, &mut round);
		}

		assert_eq!(round.paid, OWED);
	}

	/// The only statement of a window.
	#[benchmark]
	fn prune() {
		let who: T::AccountId = account("payee", 0, 0);
		let payment = Payment {
			amount: OWED,
			receipts: 1,
			root: H256::zero(),
		};
		Payments::<T>::insert(0, &who, payment);

		#[block]
		{
			Pallet::<T>::prune_window(0, &mut WeightMeter::new());
		}

		assert!(!Payments::<T>::contains_key(0, &who));
	}
}
