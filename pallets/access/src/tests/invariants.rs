use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Action {
	Stake(AccountId, Balance),
	Unstake(AccountId, Balance),
	Exit(AccountId),
	Withdraw(AccountId),
	Retier(AccountId),
	Lock(AccountId, LockId),
	Delegate(AccountId, AccountId),
	Undelegate(AccountId),
	Pay(AccountId, Balance),
	Pass(u64),
	Threshold(Balance),
}

fn action() -> impl Strategy<Value = Action> {
	let who = 1..10u64;
	prop_oneof![
		3 => (who.clone(), 0..200_000u64).prop_map(|(who, amount)| Action::Stake(who, amount)),
		3 => (who.clone(), 0..20_000u64).prop_map(|(who, amount)| Action::Unstake(who, amount)),
		1 => who.clone().prop_map(Action::Exit),
		2 => who.clone().prop_map(Action::Withdraw),
		1 => who.clone().prop_map(Action::Retier),
		1 => (who.clone(), 0..4u8).prop_map(|(who, lock)| Action::Lock(who, lock)),
		2 => (who.clone(), 1..14u64).prop_map(|(who, key)| Action::Delegate(who, key)),
		1 => (1..14u64).prop_map(Action::Undelegate),
		2 => (who, 0..3_000u64).prop_map(|(who, fee)| Action::Pay(who, fee)),
		3 => (0..500u64).prop_map(Action::Pass),
		1 => (1..9_999u64).prop_map(Action::Threshold),
	]
}

fn perform(action: Action) -> sp_runtime::DispatchResult {
	match action {
		Action::Stake(who, amount) => stake(who, amount),
		Action::Unstake(who, amount) => unstake(who, amount),
		Action::Exit(who) => exit(who),
		Action::Withdraw(who) => withdraw(who),
		Action::Retier(who) => Access::retier(RuntimeOrigin::signed(9), who)
			.map(drop)
			.map_err(|error| error.error),
		Action::Lock(who, id) => lock(who, id),
		Action::Delegate(who, key) => delegate(who, key),
		Action::Undelegate(who) => undelegate(who),
		Action::Pay(who, fee) => Access::pay(&who, fee),
		Action::Pass(time) => {
			pass(time);
			Ok(())
		}
		Action::Threshold(lowest) => {
			Lowest::set(&lowest);
			Ok(())
		}
	}
}

fn standings_on(day: u32) -> [[u32; 3]; 3] {
	let mut counts = [[0; 3]; 3];
	for who in 1..10 {
		if let Some(Standing { tier, lock }) = Access::standing(&who, day) {
			counts[usize::from(tier)][usize::from(lock)] += 1;
		}
	}
	counts
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn books_should_balance_after_any_sequence_of_calls(
		actions in prop::collection::vec(action(), 1..120),
	) {
		build_and_execute(|| {
			let issued = Balances::total_issuance();
			for action in actions {
				let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
				if perform(action).is_err() {
					assert_eq!(root, sp_io::storage::root(sp_runtime::StateVersion::V1));
				}
				Access::do_try_state().unwrap();
				let tomorrow = u32::try_from(Now::get() / DAY).unwrap() + 1;
				assert_eq!(Access::population(tomorrow), standings_on(tomorrow));
			}
			assert_eq!(Balances::total_issuance(), issued);
			pass(LONGEST_LOCK);
			for who in 1..10 {
				let _ = exit(who);
			}
			pass(COOLDOWN);
			for who in 1..10 {
				let _ = withdraw(who);
				let _ = exit(who);
			}
			pass(COOLDOWN);
			for who in 1..10 {
				let _ = withdraw(who);
				assert_eq!(held(who), 0);
			}
			assert_eq!(Stakes::<Test>::iter().count(), 0);
			assert_eq!(Delegates::<Test>::iter().count(), 0);
			let left = frame_system::Account::<Test>::iter_values();
			assert!(left.into_iter().all(|account| account.sufficients == 0));
		});
	}

	#[test]
	fn todays_population_should_not_change_when_only_today_passes(
		before in prop::collection::vec(action(), 0..40),
		after in prop::collection::vec(action(), 1..40),
	) {
		build_and_execute(|| {
			for action in before {
				let _ = perform(action);
			}
			pass(DAY);
			let today = u32::try_from(Now::get() / DAY).unwrap();
			let morning = Access::population(today);
			assert_eq!(morning, standings_on(today));
			for action in after {
				if !matches!(action, Action::Pass(_)) {
					let _ = perform(action);
				}
			}
			assert_eq!(Access::population(today), morning);
		});
	}
}
