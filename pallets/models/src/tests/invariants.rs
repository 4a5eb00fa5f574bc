//! Random sequences of calls keep the invariants.

use one_primitives::models::Models as _;
use polkadot_sdk::frame_system::RawOrigin;
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

/// What `who` proposes: account 3, something else than governance registers.
fn proposed(who: u64) -> ModelRecord {
	ModelRecord {
		min_vram: 64 + (who / 3) as u32,
		..record()
	}
}

/// Runs `action`; whether it succeeded.
fn run(action: &Action) -> bool {
	let root = || RuntimeOrigin::from(RawOrigin::Root);
	let signed = |who| RuntimeOrigin::from(RawOrigin::Signed(who));
	match *action {
		Action::Propose(who, n) => Models::propose(signed(who), id(n), proposed(who)).is_ok(),
		Action::Withdraw(who, n) => Models::withdraw_proposal(signed(who), id(n)).is_ok(),
		Action::Reject(n) => Models::reject(root(), id(n)).is_ok(),
		Action::Deposit(deposit) => {
			ListingDeposit::set(&deposit);
			true
		}
		Action::Register(n) => Models::register(root(), id(n), record()).is_ok(),
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
				prop_assert!(Models::do_try_state().is_ok());
				prop_assert_eq!(Balances::total_issuance(), issued);
			}
			Ok(())
		})?;
	}
}
