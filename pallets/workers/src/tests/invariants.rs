//! Random sequences of calls, jobs and silences keep the invariants.

use one_primitives::workers::{SlotUse, Workers as _};
use polkadot_sdk::frame_system::RawOrigin;
use proptest::prelude::*;

use crate::{mock::*, Workers as Stored};

#[derive(Clone, Debug)]
enum Action {
	Register(u64, Vec<u8>, u8),
	Update(u64, Vec<u8>, u8),
	Drain(u64),
	Leave(u64),
	Withdraw(u64),
	Report(u64),
	Take(u8, u64),
	Return(usize, u8),
	Pass(u64),
}

fn models() -> impl Strategy<Value = Vec<u8>> {
	prop::sample::subsequence(vec![1u8, 2, 3, 4], 1..=4)
}

fn action() -> impl Strategy<Value = Action> {
	let who = 1..=ACCOUNTS;
	prop_oneof![
		2 => (who.clone(), models(), 1..5u8).prop_map(|(a, b, c)| Action::Register(a, b, c)),
		1 => (who.clone(), models(), 1..5u8).prop_map(|(a, b, c)| Action::Update(a, b, c)),
		1 => who.clone().prop_map(Action::Drain),
		1 => who.clone().prop_map(Action::Leave),
		1 => who.clone().prop_map(Action::Withdraw),
		6 => who.prop_map(Action::Report),
		6 => (1..=4u8, any::<u64>()).prop_map(|(a, b)| Action::Take(a, b)),
		4 => (any::<usize>(), 0..3u8).prop_map(|(a, b)| Action::Return(a, b)),
		2 => (0..60_000u64).prop_map(Action::Pass),
	]
}

fn slot_use(n: u8) -> SlotUse {
	[SlotUse::Served, SlotUse::Late, SlotUse::Unused][usize::from(n)]
}

/// Runs `action`; `taken` are the slots that the market holds.
fn run(action: Action, taken: &mut Vec<(u64, u8)>) {
	let signed = |who| RuntimeOrigin::from(RawOrigin::Signed(who));
	let _ = match action {
		Action::Register(who, models, slots) => register(who, &models, slots),
		Action::Update(who, models, slots) => {
			Workers::update(signed(who), offer(who, &models, slots))
		}
		Action::Drain(who) => Workers::drain(signed(who)),
		Action::Leave(who) => Workers::leave(signed(who)),
		Action::Withdraw(who) => Workers::withdraw(signed(who)),
		Action::Report(who) if Stored::<Test>::contains_key(who) => {
			next_block();
			dispatch(heartbeat(who))
		}
		Action::Report(_) => Ok(()),
		Action::Take(n, random) => {
			taken.extend(Workers::take_slot(&model(n), random).map(|who| (who, n)));
			Ok(())
		}
		Action::Return(at, n) if !taken.is_empty() => {
			let (who, of) = taken.swap_remove(at % taken.len());
			Workers::return_slot(&who, &model(of), slot_use(n));
			Ok(())
		}
		Action::Return(..) => Ok(()),
		Action::Pass(time) => {
			Protocol::mutate(|now| *now += time);
			Ok(())
		}
	};
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(128))]

	#[test]
	fn invariants_should_hold_when_calls_are_random(
		actions in prop::collection::vec(action(), 1..120),
	) {
		ext(&[]).execute_with(|| {
			let mut taken = Vec::new();
			for action in actions {
				run(action.clone(), &mut taken);
				if let Err(error) = Workers::do_try_state() {
					return Err(TestCaseError::fail(format!("{error:?} after {action:?}")));
				}
				let used: usize = Stored::<Test>::iter_values().map(|w| usize::from(w.used)).sum();
				prop_assert_eq!(used, taken.len());
			}
			Ok(())
		})?;
	}
}
