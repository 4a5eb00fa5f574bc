//! Random sequences of calls keep the invariants, and no subject stands still for longer than a
//! pause of every pause and respite.

use one_primitives::pauses::Pauses as _;
use polkadot_sdk::*;
use proptest::prelude::*;
use sp_core::H256;

use crate::{mock::*, Pallet};

#[derive(Clone, Debug)]
enum Action {
	Pause(u8),
	Resume(u8),
	Pass(u64),
}

fn action() -> impl Strategy<Value = Action> {
	let n = 1..=6u8;
	prop_oneof![
		n.clone().prop_map(Action::Pause),
		n.prop_map(Action::Resume),
		(0..2 * LENGTH).prop_map(Action::Pass),
	]
}

fn run(action: &Action) {
	// Refusals are part of the game.
	let _ = match *action {
		Action::Pause(n) => Brake::pause(RuntimeOrigin::signed(GUARDIAN), model(n)),
		Action::Resume(n) => Brake::resume(RuntimeOrigin::signed(REFEREE), model(n)),
		Action::Pass(time) => {
			pass(time);
			Ok(())
		}
	};
}

/// Starts of the pauses of model 1 that follow each other too closely.
fn too_close(starts: &[u64]) -> bool {
	starts
		.windows(2)
		.any(|pair| matches!(pair, [first, next] if next - first < LENGTH + RESPITE))
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn invariants_should_hold_when_calls_are_random(
		actions in prop::collection::vec(action(), 1..80),
	) {
		let mut outcome = Ok(());
		build_and_execute(|| outcome = {
			let mut starts = Vec::new();
			actions.iter().try_for_each(|action| {
				let paused = || Pallet::<Test>::model(&H256::repeat_byte(1));
				let before = paused();
				run(action);
				if before.is_none() && paused().is_some() {
					starts.push(Now::get());
				}
				prop_assert!(paused().is_none_or(|until| until <= Now::get() + LENGTH));
				prop_assert!(!too_close(&starts), "paused at {starts:?}");
				prop_assert!(Brake::do_try_state().is_ok());
				Ok(())
			})
		});
		outcome?;
	}
}
