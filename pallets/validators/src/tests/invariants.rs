use frame_support::traits::fungible::Inspect;
use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Action {
	Bond(AccountId, Balance),
	BondMore(AccountId, Balance),
	Unbond(AccountId, Balance),
	UnbondAll(AccountId),
	Withdraw(AccountId),
	Validate(AccountId),
	Chill(AccountId),
	Cancel(u32),
	SetKeys(AccountId),
	PurgeKeys(AccountId),
	Report { who: AccountId, age: u32, slot: u64 },
	Session { blocks: u32, absent: Vec<AccountId> },
	PassSessions(u32),
	MinBond(Balance),
	MaxValidators(u32),
	MinValidators(u32),
}

fn action() -> impl Strategy<Value = Action> {
	let who = ACCOUNTS;
	prop_oneof![
		2 => (who.clone(), 0..20_000u64).prop_map(|(who, amount)| Action::Bond(who, amount)),
		2 => (who.clone(), 0..9_000u64).prop_map(|(who, amount)| Action::BondMore(who, amount)),
		2 => (who.clone(), 0..12_000u64).prop_map(|(who, amount)| Action::Unbond(who, amount)),
		1 => who.clone().prop_map(Action::UnbondAll),
		2 => who.clone().prop_map(Action::Withdraw),
		4 => who.clone().prop_map(Action::Validate),
		2 => who.clone().prop_map(Action::Chill),
		2 => (0..30u32).prop_map(Action::Cancel),
		2 => who.clone().prop_map(Action::SetKeys),
		1 => who.clone().prop_map(Action::PurgeKeys),
		3 => (who.clone(), 0..=REPORTABLE, 0..3u64)
			.prop_map(|(who, age, slot)| Action::Report { who, age, slot }),
		6 => (0..=SESSION, prop::collection::vec(who, 0..3))
			.prop_map(|(blocks, absent)| Action::Session { blocks, absent }),
		2 => (0..12u32).prop_map(Action::PassSessions),
		1 => (1..9_000u64).prop_map(Action::MinBond),
		1 => (1..11u32).prop_map(Action::MaxValidators),
		1 => (1..11u32).prop_map(Action::MinValidators),
	]
}

/// What each validator of each session answered with, and what it had lost before.
#[derive(Default)]
struct History(Vec<Vec<(AccountId, Balance, Balance)>>);

/// What was ever slashed of `who` and paid out.
fn lost(who: AccountId) -> Balance {
	FUNDS + ED - Balances::total_balance(&who)
}

impl History {
	fn note(&mut self) {
		let session = Session::current_index() as usize;
		self.0.resize(session + 1, vec![]);
		let seats = Sets::<Test>::get(session as u32).into_iter();
		self.0[session] = seats
			.map(|seat| (seat.who, seat.exposure, lost(seat.who)))
			.collect();
	}

	/// Nobody got out what it still answers with.
	fn check(&self) {
		let oldest = Session::current_index().saturating_sub(REPORTABLE + 1);
		for (who, exposure, before) in self.0.iter().skip(oldest as usize).flatten() {
			assert!(held(*who) + slashed(*who) + lost(*who) - before >= *exposure);
		}
	}

	fn exposure(&self, who: AccountId, session: usize) -> Option<Balance> {
		let set = self.0.get(session)?;
		Some(set.iter().find(|seat| seat.0 == who)?.1)
	}
}

fn perform(action: Action, history: &History) -> Option<DispatchResult> {
	Some(match action {
		Action::Bond(who, amount) => bond(who, amount),
		Action::BondMore(who, amount) => bond_more(who, amount),
		Action::Unbond(who, amount) => unbond(who, amount),
		Action::UnbondAll(who) => unbond(who, ledger(who).bond),
		Action::Withdraw(who) => withdraw(who),
		Action::Validate(who) => validate(who),
		Action::Chill(who) => chill(who),
		Action::Cancel(slash) => cancel(slash),
		other => {
			happen(other, history);
			return None;
		}
	})
}

/// What is no call of the pallet.
fn happen(action: Action, history: &History) {
	match action {
		Action::SetKeys(who) => set_keys(who),
		Action::PurgeKeys(who) => drop(Session::purge_keys(RuntimeOrigin::signed(who))),
		Action::Report { who, age, slot } => {
			let session = Session::current_index().saturating_sub(age);
			if let Some(exposure) = history.exposure(who, session as usize) {
				let slot = u64::from(session) * 1_000 + slot;
				let _ = report(who, exposure, session, slot);
			}
		}
		Action::Session { blocks, absent } => {
			let awake = Session::validators();
			if awake.iter().any(|who| !absent.contains(who)) {
				session_of(blocks, &absent);
				check_size();
			}
		}
		Action::PassSessions(count) => {
			for _ in 0..count {
				pass_session();
				poll();
			}
		}
		Action::MinBond(bond) => MinBond::set(&bond),
		Action::MaxValidators(count) => MaxValidators::set(&count),
		Action::MinValidators(count) => MinValidators::set(&count),
		_ => unreachable!("calls are performed"),
	}
}

/// No more than a third of a set leaves at once, those who gave their keys away aside.
fn check_size() {
	let now = Session::current_index();
	let set = Sets::<Test>::get(now);
	let purged = set
		.iter()
		.filter(|seat| Session::load_keys(&seat.who).is_none());
	let (before, after) = (set.len(), Sets::<Test>::get(now + 1).len());
	assert!(after + purged.count() >= before - before / 3);
	assert!(after <= 10);
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(96))]

	#[test]
	fn books_should_balance_after_any_sequence_of_calls(
		actions in prop::collection::vec(action(), 1..150),
	) {
		build_and_execute(10, || {
			let issued = Balances::total_issuance();
			let mut history = History::default();
			for action in actions {
				history.note();
				let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
				if let Some(Err(_)) = perform(action, &history) {
					assert_eq!(root, sp_io::storage::root(sp_runtime::StateVersion::V1));
				}
				Validators::do_try_state().unwrap();
				history.check();
			}
			assert_eq!(Balances::total_issuance(), issued);
			everyone_should_leave();
			assert_eq!(Balances::total_issuance(), issued);
		});
	}
}

/// Whatever happened, each gets what is left out, unless the set needs it.
fn everyone_should_leave() {
	for who in ACCOUNTS {
		let _ = Session::purge_keys(RuntimeOrigin::signed(who));
	}
	MinBond::set(&1);
	// Twice, for those with too many chunks.
	for _ in 0..2 {
		for who in ACCOUNTS {
			let _ = chill(who);
			let _ = unbond(who, ledger(who).bond);
		}
		for _ in 0..2 * REPORTABLE + 8 {
			pass_session();
			poll();
		}
		for who in ACCOUNTS {
			let _ = withdraw(who);
		}
	}
	for who in ACCOUNTS {
		assert_eq!((held(who), slashed(who)), (0, 0));
	}
	assert_eq!(Ledgers::<Test>::iter().count(), 0);
	assert_eq!(Slashes::<Test>::iter().count(), 0);
}
