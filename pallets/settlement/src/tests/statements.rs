//! What a payment is stated to be for, and for how long that can be read.

use one_primitives::{
	clock::Clock,
	settlement::{PaidReceipt, VoidPay},
	Usdc,
};
use polkadot_sdk::{
	frame_support::{assert_ok, weights::WeightMeter},
	sp_core::H256,
	sp_io::hashing::blake2_256,
	sp_runtime::ArithmeticError,
};
use proptest::prelude::*;

use crate::{
	mock::*, tree::GrowingTree, Event, LastWindow, OldestPayment, Payments, Receipts, WeightInfo,
};

const WORKER: AccountId = 7;

/// The root as anyone recomputes it out of the leaves: layer by layer, from the left, one without
/// a neighbour moves up.
fn merkle_root(mut layer: Vec<[u8; 32]>) -> H256 {
	while layer.len() > 1 {
		let pairs = layer.chunks(2).map(|pair| match pair {
			[left, right] => blake2_256(&[*left, *right].concat()),
			alone => alone[0],
		});
		layer = pairs.collect();
	}
	H256(layer.first().copied().unwrap_or_default())
}

/// The root over `receipts`, by their encoding in docs/messages.md.
pub fn root_of(receipts: &[PaidReceipt]) -> H256 {
	let leaf = |paid: &PaidReceipt| {
		let job = paid.job.to_le_bytes();
		let amount = paid.amount.to_le_bytes();
		let bytes = [&job[..], paid.receipt.as_bytes(), &amount[..]].concat();
		assert_eq!(bytes.len(), 56);
		blake2_256(&bytes)
	};
	merkle_root(receipts.iter().map(leaf).collect())
}

/// Micro-USDC of `receipts`.
pub fn sum(receipts: &[PaidReceipt]) -> Usdc {
	receipts.iter().map(|paid| paid.amount).sum()
}

/// Who was paid by this block's events, for how many receipts, under which root.
fn paid() -> Vec<(AccountId, Usdc, u32, H256)> {
	let paid = events().into_iter().filter_map(|event| match event {
		Event::Paid {
			who,
			amount,
			receipts,
			root,
			..
		} => Some((who, amount, receipts, root)),
		_ => None,
	});
	paid.collect()
}

fn with_funds(test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		fund(100 * USDC);
		next_block();
		test();
	});
}

proptest! {
	#[test]
	fn tree_should_have_the_root_over_all_its_leaves(count in 0..300u32) {
		let mut tree = GrowingTree::default();
		let mut leaves = Vec::new();
		for leaf in (0..count).map(|index| blake2_256(&index.to_le_bytes())) {
			leaves.push(leaf);
			prop_assert_eq!(tree.push(H256(leaf)), Ok(()));
			prop_assert_eq!(tree.peaks.len(), tree.leaves.count_ones() as usize);
		}
		prop_assert_eq!(tree.root(), merkle_root(leaves));
	}
}

#[test]
fn tree_should_refuse_a_leaf_when_it_is_full() {
	let mut tree = GrowingTree {
		leaves: u32::MAX,
		peaks: vec![H256::zero(); 32].try_into().unwrap(),
	};
	assert_eq!(tree.push(H256::zero()), Err(ArithmeticError::Overflow));
}

#[test]
fn payment_should_state_the_receipts_that_it_pays() {
	with_funds(|| {
		(0..5).for_each(|_| owe(WORKER, MIN_USDC));
		owe(8, MIN_USDC);
		next_window();
		let receipts: Vec<_> = (0..5).map(|job| paid_receipt(job, MIN_USDC)).collect();
		let (mine, other) = (root_of(&receipts), root_of(&[paid_receipt(5, MIN_USDC)]));
		let (amount, window) = (5 * MIN_USDC, TestClock::window());
		assert_eq!(paid(), [(WORKER, amount, 5, mine), (8, MIN_USDC, 1, other)]);
		let statements = Settlement::payments(&WORKER);
		assert_eq!(statements.len(), 1);
		let statement = &statements[0];
		assert_eq!((statement.payee, statement.window), (WORKER, window));
		assert_eq!((statement.amount, statement.receipts), (amount, 5));
		assert_eq!(statement.root, mine);
		assert_eq!(Receipts::<Test>::iter().count(), 0);
	});
}

#[test]
fn next_payment_should_state_only_what_came_after_the_last() {
	with_funds(|| {
		owe(WORKER, MIN_USDC);
		next_window();
		owe(WORKER, 3);
		owe(WORKER, 4);
		next_window();
		let statements = Settlement::payments(&WORKER);
		assert_eq!(statements.len(), 2);
		let later = root_of(&[paid_receipt(1, 3), paid_receipt(2, 4)]);
		assert_eq!((statements[1].amount, statements[1].root), (7, later));
		assert!(statements[0].window < statements[1].window);
	});
}

#[test]
fn carried_payment_should_state_the_receipts_of_all_windows_it_is_for() {
	with_funds(|| {
		owe(WORKER, MIN_USDC - 1);
		next_window();
		assert_eq!(Settlement::payments(&WORKER), []);
		owe(WORKER, 1);
		next_window();
		let both = root_of(&[paid_receipt(0, MIN_USDC - 1), paid_receipt(1, 1)]);
		assert_eq!(paid(), [(WORKER, MIN_USDC, 2, both)]);
	});
}

#[test]
fn voided_receipts_should_be_on_no_statement() {
	with_funds(|| {
		owe(WORKER, MIN_USDC);
		assert_ok!(Settlement::void_pay(&WORKER));
		assert_eq!(Receipts::<Test>::iter().count(), 0);
		owe(WORKER, 2 * MIN_USDC);
		next_window();
		let left = root_of(&[paid_receipt(1, 2 * MIN_USDC)]);
		assert_eq!(paid(), [(WORKER, 2 * MIN_USDC, 1, left)]);
	});
}

#[test]
fn statement_should_be_readable_for_thirty_days_and_dropped_afterwards() {
	with_funds(|| {
		owe(WORKER, MIN_USDC);
		next_window();
		(1..120).for_each(|_| next_window());
		assert_eq!(Settlement::payments(&WORKER).len(), 1);
		next_window();
		assert_eq!(Settlement::payments(&WORKER), []);
		assert_eq!(Payments::<Test>::iter().count(), 0);
	});
}

#[test]
fn block_should_drop_no_more_statements_than_its_bound() {
	with_funds(|| {
		(1_000..1_250).for_each(|who| owe(who, MIN_USDC));
		next_window();
		LastWindow::<Test>::mutate(|last| *last = last.map(|last| last + 120));
		let counts = [(); 3].map(|()| {
			let mut meter = WeightMeter::new();
			Settlement::prune_statements(&mut meter);
			assert!(meter.consumed().all_lte(<() as WeightInfo>::prune() * 100));
			Payments::<Test>::iter().count()
		});
		// Of the first block's steps one goes by the empty window before.
		assert_eq!(counts, [151, 51, 0]);
		let last = LastWindow::<Test>::get().unwrap();
		assert_eq!(OldestPayment::<Test>::get(), last - 119);
	});
}
