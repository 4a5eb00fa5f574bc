//! Random sequences of calls, jobs and silences keep the invariants.

use std::cell::Cell;

use one_primitives::{
	jobs::Lane,
	workers::{Challenger, Convict, Offence, SlotUse, Workers as _},
};
use polkadot_sdk::{
	frame_support::{dispatch::DispatchResult, storage::with_storage_layer},
	sp_core::H256,
	sp_runtime::Permill,
};
use proptest::{prelude::*, test_runner::TestRunner};

use super::{root, signed};
use crate::{mock::*, Event, Seats, Slashes, Workers as Stored};

#[derive(Clone, Debug)]
enum Action {
	Register(u64, Vec<u8>, u8),
	Update(u64, Vec<u8>, u8),
	Drain(u64),
	Leave(u64),
	Withdraw(u64),
	Report(u64),
	Take(u8, u64, u64),
	Return(usize, u8),
	Maintain(u64, u64),
	Resume(u64),
	Convict(u64, Offence),
	Challenge(u64, u64, Permill),
	Cancel(usize),
	Exclude(u64, u64, u8),
	Price(u64),
	Pass(u64),
}

fn models() -> impl Strategy<Value = Vec<u8>> {
	prop::sample::subsequence(vec![1u8, 2, 3, 4], 1..=4)
}

fn offence() -> impl Strategy<Value = Offence> {
	prop_oneof![
		6 => Just(Offence::Late),
		2 => Just(Offence::Wrong),
		1 => Just(Offence::Malicious),
	]
}

fn action() -> impl Strategy<Value = Action> {
	use Action::*;
	let (who, any) = (1..=ACCOUNTS, any::<u64>());
	let part = (0..=1_000_000u32).prop_map(Permill::from_parts);
	prop_oneof![
		4 => (who.clone(), models(), 1..5u8).prop_map(|(a, b, c)| Register(a, b, c)),
		3 => (who.clone(), models(), 1..5u8).prop_map(|(a, b, c)| Update(a, b, c)),
		1 => who.clone().prop_map(Drain),
		2 => who.clone().prop_map(Leave),
		3 => who.clone().prop_map(Withdraw),
		12 => who.clone().prop_map(Report),
		12 => (1..=4u8, who.clone(), any).prop_map(|(a, b, c)| Take(a, b, c)),
		9 => (proptest::prelude::any::<usize>(), 0..4u8).prop_map(|(a, b)| Return(a, b)),
		2 => (who.clone(), 0..25_000u64).prop_map(|(a, b)| Maintain(a, b)),
		3 => who.clone().prop_map(Resume),
		5 => (who.clone(), offence()).prop_map(|(a, b)| Convict(a, b)),
		1 => (who.clone(), 1..9u64, part).prop_map(|(a, b, c)| Challenge(a, b, c)),
		2 => (0..8usize).prop_map(Cancel),
		2 => (who.clone(), who, 1..=4u8).prop_map(|(a, b, c)| Exclude(a, b, c)),
		1 => (1..20u64).prop_map(Price),
		5 => prop_oneof![3_000..30_000u64, 0..120_000u64].prop_map(Pass),
	]
}

fn slot_use(n: u8) -> SlotUse {
	use SlotUse::*;
	[Served, Late, Failed, Unused][usize::from(n)]
}

/// The slots that the market holds.
type Taken = Vec<(u64, u8)>;

/// As a dispatch: all of it or nothing; either is fine here.
fn call(call: impl FnOnce() -> DispatchResult) {
	let _ = with_storage_layer(call);
}

fn run(action: Action, taken: &mut Taken) {
	use Action::*;
	match action {
		Register(who, models, slots) => call(|| register(who, &models, slots)),
		Update(who, models, slots) => {
			call(|| Workers::update(signed(who), offer(who, &models, slots)))
		}
		Drain(who) => call(|| Workers::drain(signed(who))),
		Leave(who) => call(|| Workers::leave(signed(who))),
		Withdraw(who) => call(|| Workers::withdraw(signed(who))),
		Report(who) => report(who),
		Take(n, requester, random) => take_slot(n, requester, random, taken),
		Return(at, n) => return_slot(at, n, taken),
		Maintain(who, length) => call(|| Workers::start_maintenance(signed(who), length)),
		Resume(who) => call(|| Workers::resume(signed(who))),
		Convict(who, offence) => call(|| Workers::convict(root(), who, offence, H256::zero())),
		Challenge(who, challenger, part) => challenge(who, challenger, part),
		Cancel(pick) => cancel(pick),
		Exclude(who, worker, n) => {
			Failed::set(vec![(1, who, model(n), worker)]);
			call(|| Workers::exclude(signed(who), 1))
		}
		Price(price) => BondPerSlotGib::set(price),
		Pass(time) => pass(time),
	}
}

fn report(who: u64) {
	if Stored::<Test>::contains_key(who) {
		next_block();
		call(|| dispatch(heartbeat(who)));
	}
}

/// Cancels one of the slashes that wait, or an offence that never was.
fn cancel(pick: usize) {
	let mut waiting: Vec<_> = Slashes::<Test>::iter()
		.map(|(id, slash)| (slash.who, id))
		.collect();
	waiting.sort();
	let picked = pick.checked_rem(waiting.len()).map(|at| waiting[at]);
	let (who, id) = picked.unwrap_or((1, pick as u64));
	call(|| Workers::cancel_slash(root(), who, id));
}

fn challenge(worker: u64, who: u64, part: Permill) {
	let challenger = Some(Challenger { who, part });
	call(|| <Workers as Convict<u64>>::convict(&worker, Offence::Wrong, H256::zero(), challenger));
}

fn take_slot(n: u8, requester: u64, random: u64, taken: &mut Taken) {
	let lane = [Lane::Included, Lane::Dedicated][(random % 2) as usize];
	let Some(who) = Workers::take_slot(&model(n), &requester, lane, random) else {
		return;
	};
	let seat = Seats::<Test>::get(who, model(n)).unwrap();
	let share = OperatorShare::get().mul_floor(Workers::proven_slots(&model(n)));
	assert!(lane == Lane::Dedicated || u32::from(seat.used) <= share.max(1));
	let record = Stored::<Test>::get(who).unwrap();
	assert!(seat.used <= seat.earned && seat.earned <= record.offer.slots);
	assert!(record.used <= record.offer.slots && record.state.takes_jobs());
	taken.push((who, n));
}

fn return_slot(at: usize, n: u8, taken: &mut Taken) {
	if taken.is_empty() {
		return;
	}
	let (who, of) = taken.swap_remove(at % taken.len());
	Workers::return_slot(&who, &model(of), slot_use(n));
}

/// What happened in all sequences.
#[derive(Default)]
struct Seen {
	paid: Cell<u32>,
	cancelled: Cell<u32>,
	resumed: Cell<u32>,
	late: Cell<u32>,
}

impl Seen {
	fn listen(&self) {
		for event in super::events() {
			let count = match event {
				Event::SlashPaid { .. } => &self.paid,
				Event::SlashCancelled { amount, .. } if amount > 0 => &self.cancelled,
				Event::WorkerResumed { .. } => &self.resumed,
				Event::WorkerConvicted {
					offence: Offence::Late,
					..
				} => &self.late,
				_ => continue,
			};
			count.set(count.get() + 1);
		}
	}
}

fn check(taken: &Taken, issued: u64) -> Result<(), TestCaseError> {
	if let Err(error) = Workers::do_try_state() {
		return Err(TestCaseError::fail(format!("{error:?}")));
	}
	let used = Stored::<Test>::iter_values().map(|record| usize::from(record.used));
	prop_assert_eq!(used.sum::<usize>(), taken.len());
	prop_assert_eq!(Balances::total_issuance(), issued);
	Ok(())
}

fn run_all(actions: Vec<Action>, probation: u16, seen: &Seen) -> Result<(), TestCaseError> {
	ext(&[]).execute_with(|| {
		Probation::set(probation);
		let (mut taken, issued) = (Taken::new(), Balances::total_issuance());
		for action in actions {
			run(action, &mut taken);
			seen.listen();
			check(&taken, issued)?;
		}
		Ok(())
	})
}

#[test]
fn invariants_should_hold_when_calls_are_random() {
	let seen = Seen::default();
	let sequences = (prop::collection::vec(action(), 1..150), 0..4u16);
	let mut runner = TestRunner::new(ProptestConfig::with_cases(192));
	runner
		.run(&sequences, |(actions, probation)| {
			run_all(actions, probation, &seen)
		})
		.unwrap();
	// Else the sequences would say little.
	let enough = |counted: &Cell<u32>, least, what| {
		assert!(counted.get() > least, "{} {what}", counted.get());
	};
	enough(&seen.paid, 15, "slashes paid");
	enough(&seen.cancelled, 10, "slashes cancelled");
	enough(&seen.resumed, 5, "workers resumed");
	enough(&seen.late, 30, "late offences");
}
