//! What workers answer for, through the real transaction extensions and hooks.

use crate::{chain::*, economy::*, market::*};
use codec::Encode;
use one_primitives::{clock::Clock as _, jobs::JobId, receipts::Receipt, workers::Offence, Usdc};
use one_runtime::{
	configs::parameters::{bounded, workers, RuntimeParameters},
	constants::currency::*,
	AccountId, Balance, Balances, Clock, Parameters, Receipts, Runtime, RuntimeEvent,
	RuntimeOrigin, Settlement, System, Workers,
};
use pallet_receipts::ReceiptStatus;
use pallet_settlement::tree::GrowingTree;
use pallet_workers::{HoldReason, Rung, WorkerState};
use polkadot_sdk::{
	frame_support::{
		assert_ok,
		traits::{
			fungible::{Inspect, InspectHold},
			Get,
		},
	},
	sp_core::H256,
	sp_io::hashing::blake2_256,
	sp_keyring::Sr25519Keyring::{self, *},
	*,
};

/// The worker of these tests.
const WORKER: Sr25519Keyring = Charlie;
const SLOTS: u8 = 2;
/// Ten ONE a slot, on a device of a GiB.
const BOND: Balance = 20 * ONE;

/// The workers' events of the block that ends here; the next one begins.
fn next_block_events() -> Vec<pallet_workers::Event<Runtime>> {
	close_block();
	let records = System::events();
	open_block(0);
	let own = |event| match event {
		RuntimeEvent::Workers(event) => Some(event),
		_ => None,
	};
	records
		.into_iter()
		.filter_map(|record| own(record.event))
		.collect()
}

/// A worker that has reported, and a holder with credits.
fn with_worker(test: impl FnOnce()) {
	with_credits(|| {
		join(WORKER, MODEL, SLOTS);
		test();
	});
}

fn held(reason: HoldReason) -> Balance {
	Balances::balance_on_hold(&reason.into(), &account(WORKER))
}

/// Bond, and what convictions have taken of it.
fn bond() -> (Balance, Balance) {
	(held(HoldReason::Bond), held(HoldReason::Slashed))
}

fn state() -> WorkerState {
	Workers::status(&account(WORKER)).unwrap().record.state
}

fn convict(offence: Offence) {
	let convict = pallet_workers::Call::<Runtime>::convict {
		who: account(WORKER),
		offence,
		evidence: H256::repeat_byte(0xe7),
	};
	assert_ok!(submit(Alice, sudo(convict)).unwrap());
}

#[test]
fn included_jobs_should_need_as_many_operators_as_governance_says() {
	with_worker(|| {
		let operators = workers::Parameters::MinOperators(workers::MinOperators, Some(2));
		let operators = RuntimeParameters::Workers(operators);
		assert_ok!(Parameters::set_parameter(RuntimeOrigin::root(), operators));
		assert_eq!(submit(Bob, prompt(0)), refused(18));
		join(Eve, MODEL, 1);
		assert_ok!(submit(Bob, prompt(0)).unwrap());
		// One that takes no more jobs is no help.
		assert_ok!(Workers::drain(RuntimeOrigin::signed(account(Eve))));
		assert_eq!(submit(Bob, prompt(1)), refused(18));
	});
}

/// Has the worker ignore jobs, but report, until an offence of it costs something; returns what,
/// and when that is due.
fn be_late() -> (Balance, u64) {
	let steps = workers::Parameters::SmallFrom(workers::SmallFrom, Some(3));
	let set = Parameters::set_parameter(RuntimeOrigin::root(), RuntimeParameters::Workers(steps));
	assert_ok!(set);
	let mut warnings = 0;
	for _ in 0..200 {
		// Refused while a job of the holder is open, and between two credit days.
		let _ = submit(Bob, prompt(0));
		// Refused unless a heartbeat is due.
		let _ = send_report(WORKER, vec![], vec![]);
		for event in next_block_events() {
			let pallet_workers::Event::WorkerConvicted {
				rung, amount, due, ..
			} = event
			else {
				continue;
			};
			if amount > 0 {
				assert_eq!((warnings, rung), (2, Rung::Small));
				return (amount, due);
			}
			warnings += 1;
		}
	}
	panic!("{warnings} warnings, and no slash");
}

#[test]
fn late_worker_should_lose_a_part_of_its_bond_to_the_fee_pot_after_the_appeal_window() {
	with_worker(|| {
		assert_eq!(bond(), (BOND, 0));
		let before = <Balances as Inspect<_>>::total_balance(&account(WORKER));
		let (amount, due) = be_late();
		assert_eq!(amount, BOND / 100);
		assert_eq!(bond(), (BOND - amount, amount));
		assert_eq!(due - Clock::protocol(), bounded::AppealWindow::get());

		let paid = loop {
			close_block();
			let paid = has_event(|event| {
				matches!(
					event,
					RuntimeEvent::Workers(pallet_workers::Event::SlashPaid { .. })
				)
			});
			let to_pot = RuntimeEvent::Balances(pallet_balances::Event::Deposit {
				who: Settlement::fee_account(),
				amount,
			});
			assert_eq!(has_event(|event| *event == to_pot), paid);
			let now = Clock::protocol();
			assert_eq!(paid, now >= due);
			open_block(0);
			if paid {
				break amount;
			}
		};
		assert_eq!(bond(), (BOND - paid, 0));
		assert_eq!(
			before - <Balances as Inspect<_>>::total_balance(&account(WORKER)),
			paid
		);
		assert_eq!(state(), WorkerState::Joining);
	});
}

#[test]
fn cancelled_slash_should_return_to_the_bond() {
	with_worker(|| {
		convict(Offence::Malicious);
		assert_eq!((bond(), state()), ((0, BOND), WorkerState::Suspended));
		next_block_events();
		let cancel = pallet_workers::Call::<Runtime>::cancel_slash {
			who: account(WORKER),
			id: 0,
		};
		assert_ok!(submit(Alice, sudo(cancel)).unwrap());
		assert_eq!(bond(), (BOND, 0));
		let due = Clock::protocol() + bounded::AppealWindow::get();
		while Clock::protocol() <= due {
			for event in next_block_events() {
				assert!(!matches!(event, pallet_workers::Event::SlashPaid { .. }));
			}
		}
		assert_ok!(submit(WORKER, pallet_workers::Call::<Runtime>::resume {}).unwrap());
		assert_eq!((bond(), state()), ((BOND, 0), WorkerState::Joining));
	});
}

/// The worker serves a job of `Bob`; returns its price.
fn serve_a_job() -> Usdc {
	assert_ok!(submit(Bob, prompt(0)).unwrap());
	next_block_events();
	next_block_events();
	assert_eq!(serve(WORKER, 5, 7).len(), 1);
	Settlement::statement(&account(WORKER)).accrued
}

#[test]
fn pay_of_a_convicted_worker_should_go_to_the_credit_pot_and_nothing_else_change() {
	with_worker(|| {
		let price = serve_a_job();
		assert!(price > 0);
		let pots = Settlement::pots();
		// The rest is what authors get.
		let others = pots.earnings - price;
		convict(Offence::Wrong);
		let after = Settlement::pots();
		assert_eq!(
			(after.earnings, after.credit),
			(others, pots.credit + price)
		);
		assert_eq!(after.days, pots.days);

		// The job is final, and settled at nothing, at its time.
		let (mut finals, end) = (0, Clock::protocol() + 90_000);
		while Clock::protocol() < end {
			close_block();
			assert!(!has_event(|event| match event {
				RuntimeEvent::Jobs(event) =>
					matches!(event, pallet_jobs::Event::FundsUnsettled { .. }),
				RuntimeEvent::Settlement(pallet_settlement::Event::Paid { who, .. }) =>
					*who == account(WORKER),
				_ => false,
			}));
			finals += u32::from(has_event(|event| {
				matches!(
					event,
					RuntimeEvent::Jobs(pallet_jobs::Event::JobFinalized { .. })
				)
			}));
			open_block(0);
		}
		assert_eq!(finals, 1);
		let statement = Settlement::statement(&account(WORKER));
		assert_eq!((statement.accrued, statement.payable), (0, 0));
	});
}

/// What the worker stated of the last job, and what it gets for that.
fn last_receipt() -> (Receipt<AccountId>, Usdc) {
	let job = pallet_jobs::NextJob::<Runtime>::get() - 1;
	let Some(ReceiptStatus::Recorded(record)) = Receipts::receipt(job) else {
		panic!("job {job} was not served")
	};
	(record.receipt, record.price)
}

/// The root over `served`, by the encoding in docs/messages.md.
fn root_of(served: impl Iterator<Item = (Receipt<AccountId>, Usdc)>) -> H256 {
	let mut tree = GrowingTree::default();
	for (receipt, price) in served {
		let job: JobId = receipt.job;
		let leaf = (job, blake2_256(&receipt.encode()), price).encode();
		tree.push(H256(blake2_256(&leaf))).unwrap();
	}
	tree.root()
}

#[test]
fn payment_should_state_the_root_of_the_receipts_that_the_worker_signed() {
	with_worker(|| {
		let mut served: Vec<_> = (0..2).map(|_| (serve_a_job(), last_receipt()).1).collect();
		// A window may begin between the two jobs.
		let mut payments = 0;
		while !served.is_empty() {
			close_block();
			let paid = System::events()
				.into_iter()
				.find_map(|record| match record.event {
					RuntimeEvent::Settlement(pallet_settlement::Event::Paid {
						who,
						window,
						amount,
						receipts,
						root,
					}) if who == account(WORKER) => Some((window, amount, receipts, root)),
					_ => None,
				});
			if let Some((window, amount, receipts, root)) = paid {
				payments += 1;
				let covered: Vec<_> = served.drain(..receipts as usize).collect();
				assert_eq!(covered.iter().map(|(_, price)| price).sum::<Usdc>(), amount);
				assert_eq!(root_of(covered.into_iter()), root);
				let statements = Settlement::payments(&account(WORKER));
				assert_eq!(statements.len(), payments);
				let last = statements.last().unwrap();
				let stated = (last.window, last.amount, last.receipts, last.root);
				assert_eq!(stated, (window, amount, receipts, root));
			}
			open_block(0);
		}
		assert!(payments > 0);
	});
}
