//! Random sequences of calls keep the invariants.

use one_primitives::models::Models as _;
use polkadot_sdk::{frame_system::RawOrigin, sp_runtime::Permill};
use proptest::prelude::*;

use crate::{mock::*, ModelRecord, ModelState, Models as Stored};

#[derive(Clone, Debug)]
enum Action {
	Propose(u64, u8),
	Withdraw(u64, u8),
	Reject(u8),
	Deposit(u64),
	Register(u8),
	Stage(u8),
	Activate(u8),
	Retire(u8),
	Remove(u8),
	Pass(u64),
}

fn action() -> impl Strategy<Value = Action> {
	let n = 1..=6u8;
	let who = 1..=3u64;
	prop_oneof![
		(who.clone(), n.clone()).prop_map(|(who, n)| Action::Propose(who, n)),
		(who, n.clone()).prop_map(|(who, n)| Action::Withdraw(who, n)),
		n.clone().prop_map(Action::Reject),
		(1..FUNDS).prop_map(Action::Deposit),
		n.clone().prop_map(Action::Register),
		n.clone().prop_map(Action::Stage),
		n.clone().prop_map(Action::Activate),
		n.clone().prop_map(Action::Retire),
		n.prop_map(Action::Remove),
		(0..90_000u64).prop_map(Action::Pass),
	]
}

/// What governance registers as the `n`th model; those with odd numbers are tried.
fn listed(n: u8) -> ModelRecord {
	ModelRecord {
		canary: Permill::from_percent(u32::from(n % 2) * 50),
		..record()
	}
}

/// What `who` proposes: account 3, something else than governance registers.
fn proposed(who: u64, n: u8) -> ModelRecord {
	ModelRecord {
		min_vram: 64 + (who / 3) as u32,
		..listed(n)
	}
}

/// Whether the `n`th model is active, or staged and tried.
fn takes_jobs(n: u8) -> bool {
	match Stored::<Test>::get(id(n)).map(|model| model.state) {
		Some(ModelState::Active) => true,
		Some(ModelState::Staged { .. }) => n % 2 == 1,
		_ => false,
	}
}

/// Runs `action`; whether it succeeded.
fn run(action: &Action) -> bool {
	let root = || RuntimeOrigin::from(RawOrigin::Root);
	let signed = |who| RuntimeOrigin::from(RawOrigin::Signed(who));
	match *action {
		Action::Propose(who, n) => Models::propose(signed(who), id(n), proposed(who, n)).is_ok(),
		Action::Withdraw(who, n) => Models::withdraw_proposal(signed(who), id(n)).is_ok(),
		Action::Reject(n) => Models::reject(root(), id(n)).is_ok(),
		Action::Deposit(deposit) => {
			ListingDeposit::set(&deposit);
			true
		}
		Action::Register(n) => Models::register(root(), id(n), listed(n)).is_ok(),
		Action::Stage(n) => Models::stage(root(), id(n)).is_ok(),
		Action::Activate(n) => Models::activate(root(), id(n)).is_ok(),
		Action::Retire(n) => Models::retire(root(), id(n)).is_ok(),
		Action::Remove(n) => Models::remove(root(), id(n)).is_ok(),
		Action::Pass(time) => {
			Protocol::mutate(|now| *now += time);
			true
		}
	}
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn invariants_should_hold_when_calls_are_random(
		actions in prop::collection::vec(action(), 1..60),
	) {
		ExtBuilder::default().build().execute_with(|| {
			let issued = Balances::total_issuance();
			for action in &actions {
				let staged = |n| matches!(
					Stored::<Test>::get(id(n)).map(|model| model.state),
					Some(ModelState::Staged { since }) if Protocol::get() >= since + Timelock::get()
				);
				let ready = matches!(*action, Action::Activate(n) if staged(n));
				let done = run(action);
				if let Action::Activate(n) = *action {
					prop_assert_eq!(done, ready);
					prop_assert!(!done || Models::terms(&id(n)).is_some());
				}
				for n in 1..=6 {
					prop_assert_eq!(Models::terms(&id(n)).is_some(), takes_jobs(n));
				}
				prop_assert!(Models::do_try_state().is_ok());
				prop_assert_eq!(Balances::total_issuance(), issued);
			}
			Ok(())
		})?;
	}
}
