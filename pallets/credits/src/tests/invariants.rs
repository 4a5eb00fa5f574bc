use one_primitives::access::{Access as _, LockId, Standing};
use proptest::prelude::*;

use super::*;

const HOLDERS: u64 = 8;

#[derive(Clone, Debug)]
enum Action {
	Enter(AccountId, Option<u8>),
	Bind(AccountId, LockId),
	Reserve(AccountId, Cu),
	Charge(usize, u8),
	Forfeit(usize, u8),
	Release(usize),
	Admit(AccountId),
	NextDay,
	Fill(u128),
	Price(u128),
}

fn action() -> impl Strategy<Value = Action> {
	let who = 1..=HOLDERS;
	let tier = prop::option::weighted(0.8, 0..3u8);
	let job = any::<usize>();
	prop_oneof![
		2 => (who.clone(), tier).prop_map(|(who, tier)| Action::Enter(who, tier)),
		1 => (who.clone(), 0..3u8).prop_map(|(who, lock)| Action::Bind(who, lock)),
		8 => (who.clone(), 0..GIGA).prop_map(|(who, cu)| Action::Reserve(who, cu)),
		4 => (job, any::<u8>()).prop_map(|(job, part)| Action::Charge(job, part)),
		1 => (job, any::<u8>()).prop_map(|(job, part)| Action::Forfeit(job, part)),
		3 => job.prop_map(Action::Release),
		3 => who.prop_map(Action::Admit),
		3 => Just(Action::NextDay),
		1 => (0..10 * USDC).prop_map(Action::Fill),
		1 => (0..1_000_000u128).prop_map(Action::Price),
	]
}

/// Open jobs of the sequence.
type Jobs = Vec<(AccountId, Reservation)>;

fn pick(jobs: &mut Jobs, job: usize) -> Option<(AccountId, Reservation)> {
	let len = jobs.len();
	(len > 0).then(|| jobs.swap_remove(job % len))
}

fn part_of(reserved: Cu, part: u8) -> Cu {
	reserved / 255 * Cu::from(part)
}

fn perform(action: Action, jobs: &mut Jobs) {
	match action {
		Action::Enter(who, tier) => World::enter(who, tier),
		Action::Bind(who, lock) => {
			if let Some(old) = Credits::position(&who).and_then(|position| position.standing) {
				World::stand(who, Some(Standing { lock, ..old }));
			}
		}
		Action::Reserve(who, cu) => match Credits::reserve(&who, 0, cu) {
			Ok(reservation) => jobs.push((who, reservation)),
			Err(_) => assert!(Credits::check(&who, 0, cu).is_err()),
		},
		Action::Charge(job, part) => {
			if let Some((who, job)) = pick(jobs, job) {
				assert_ok!(Credits::charge(
					&who,
					&job,
					part_of(job.reserved, part),
					&WORKER
				));
			}
		}
		Action::Forfeit(job, part) => {
			if let Some((who, job)) = pick(jobs, job) {
				assert_ok!(Credits::forfeit(&who, &job, part_of(job.reserved, part)));
			}
		}
		Action::Release(job) => {
			if let Some((who, job)) = pick(jobs, job) {
				assert_ok!(Credits::release(&who, &job));
			}
		}
		Action::Admit(who) => {
			let before = Credits::available(&who);
			let admitted = Credits::admit(&who, 0, 0).is_ok();
			let charged = if admitted { ADMISSION } else { 0 };
			assert_eq!(Credits::available(&who), before - charged);
		}
		Action::NextDay => next_day(),
		Action::Fill(amount) => CreditPot::mutate(|pot| *pot += amount),
		Action::Price(price) => PricePerGiga::set(&price),
	}
}

/// Micro-USDC in all pots.
fn money() -> u128 {
	CreditPot::get() + DayPots::iter_values().sum::<u128>() + Earned::get(WORKER)
}

/// What every account could still claim of the open day, counted one by one, costs no more than
/// the pot holds.
fn check_solvency(jobs: &Jobs) {
	let today = crate::Today::<Test>::get().unwrap();
	let record = Days::<Test>::get(today).unwrap();
	let claims: u128 = (1..=HOLDERS)
		.map(|who| {
			let entitlement =
				World::standing(&who, today).map_or(0, |standing| record.entitlement(standing));
			let ledger = Credits::ledger(&who, today);
			assert!(ledger.used + ledger.reserved <= entitlement + ledger.returned);
			u128::from(ledger.available(entitlement) + ledger.reserved)
		})
		.sum();
	let pot = record.budget - record.spent;
	assert!(claims * record.price <= pot * u128::from(GIGA));
	assert_eq!(
		crate::Days::<Test>::iter_values()
			.map(|record| record.open)
			.sum::<u32>(),
		u32::try_from(jobs.len()).unwrap()
	);
}

proptest! {
	#[test]
	fn promises_should_be_in_the_pot_after_any_sequence(
		actions in prop::collection::vec(action(), 1..150),
	) {
		build_and_execute(|| {
			next_block();
			let mut jobs = Jobs::new();
			for action in actions {
				let before = money();
				let added = if let Action::Fill(amount) = action { amount } else { 0 };
				perform(action, &mut jobs);
				assert_eq!(money(), before + added);
				check_world();
				check_solvency(&jobs);
			}
			for (who, job) in jobs.drain(..) {
				assert_ok!(Credits::release(&who, &job));
			}
			check_world();
			assert_eq!(Days::<Test>::iter().count(), 1);
		});
	}
}
