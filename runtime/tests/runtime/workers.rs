//! What workers answer for, through the real transaction extensions and hooks.

use crate::{chain::*, economy::*, market::*};
use one_primitives::{
	clock::Clock as _,
	jobs::{Acceptance, Market as _},
	receipts::{message, Finish, Outcome, Receipt, SignedReceipt},
	workers::{
		crypto::{WorkerPair, WorkerSignature},
		Offence,
	},
	Usdc,
};
use one_runtime::{
	configs::parameters::{bounded, time, RuntimeParameters},
	constants::currency::*,
	Balance, Balances, Clock, Executive, Jobs, Runtime, RuntimeCall, RuntimeEvent, Settlement,
	System, UncheckedExtrinsic, Workers,
};
use pallet_workers::{HoldReason, Offer, Report, ReportOf, Rung, WorkerState};
use polkadot_sdk::{
	frame_support::{
		assert_ok,
		traits::{
			dynamic_params::AggregatedKeyValue,
			fungible::{Inspect, InspectHold},
			Get,
		},
		BoundedVec,
	},
	frame_system::offchain::CreateAuthorizedTransaction,
	sp_core::{crypto::Pair, sr25519, H256},
	sp_keyring::Sr25519Keyring::{self, *},
	sp_runtime::ApplyExtrinsicResult,
	*,
};

/// The worker of these tests.
const WORKER: Sr25519Keyring = Charlie;
const SLOTS: u8 = 2;
/// Ten ONE a slot, on a device of a GiB.
const BOND: Balance = 20 * ONE;

fn pair() -> WorkerPair {
	sr25519::Pair::from_seed(&[7; 32]).into()
}

fn register() -> ApplyExtrinsicResult {
	let offer = Offer {
		models: BoundedVec::truncate_from(vec![MODEL]),
		slots: SLOTS,
		vram: 1_024,
		peer_id: BoundedVec::truncate_from(vec![1; 38]),
		addresses: Default::default(),
	};
	let proof = pair().sign(&Workers::registration_message(&account(WORKER)));
	let key = pair().public();
	submit(
		WORKER,
		pallet_workers::Call::<Runtime>::register { offer, key, proof },
	)
}

fn heartbeat() -> ReportOf<Runtime> {
	Report {
		worker: account(WORKER),
		block: System::block_number(),
		mailbox: one_mailbox::VERSION,
		arithmetics: BoundedVec::truncate_from(vec![1]),
		acceptances: Default::default(),
		receipts: Default::default(),
	}
}

/// Sends `report` as the worker's node does.
fn send(report: ReportOf<Runtime>) -> ApplyExtrinsicResult {
	let signature: WorkerSignature = pair().sign(&Workers::report_message(&report));
	let call = pallet_workers::Call::<Runtime>::report { report, signature };
	let extension = <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
	Executive::apply_extrinsic(UncheckedExtrinsic::new_transaction(call.into(), extension))
}

/// The worker's events of the block that ends here; the next one begins.
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
		assert_ok!(register().unwrap());
		assert_ok!(send(heartbeat()).unwrap());
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

/// Offences add up for longer than this preset has it, in which they come too seldom.
fn remember_offences() {
	let window = time::Parameters::OffenceWindow(time::OffenceWindow, Some(600_000));
	let (key, value) = RuntimeParameters::Time(window).into_parts();
	pallet_parameters::Parameters::<Runtime>::set(key, value);
}

/// Has the worker ignore jobs, but report, until an offence of it costs something; returns what,
/// and when that is due.
fn be_late() -> (Balance, u64) {
	remember_offences();
	let mut warnings = 0;
	for _ in 0..200 {
		// Refused while a job of the holder is open, and between two credit days.
		let _ = submit(Bob, prompt(0));
		// Refused unless a heartbeat is due.
		let _ = send(heartbeat());
		for event in next_block_events() {
			let pallet_workers::Event::WorkerConvicted {
				rung, amount, due, ..
			} = event
			else {
				continue;
			};
			if amount > 0 {
				assert_eq!((warnings, rung), (5, Rung::Small));
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
	let assignment = Jobs::assignments(&account(WORKER)).pop().unwrap();
	let acceptance = Acceptance {
		job: assignment.job,
		attempt: assignment.attempt,
		assigned: assignment.assigned,
	};
	let receipt = Receipt {
		job: assignment.job,
		attempt: assignment.attempt,
		model: MODEL,
		worker: account(WORKER),
		requests: 1,
		input_tokens: 5,
		output_tokens: 7,
		request_root: H256::repeat_byte(1),
		result_root: H256::repeat_byte(2),
		trace_root: H256::repeat_byte(3),
		outcome: Outcome::Served,
		finish: Finish::Stop,
	};
	let genesis = System::block_hash(0);
	let signature = pair().sign(&message(&genesis, &assignment.assigned, &receipt));
	let report = ReportOf::<Runtime> {
		acceptances: BoundedVec::truncate_from(vec![acceptance]),
		receipts: BoundedVec::truncate_from(vec![SignedReceipt { receipt, signature }]),
		..heartbeat()
	};
	assert_ok!(send(report).unwrap());
	Settlement::statement(&account(WORKER)).accrued
}

#[test]
fn pay_of_a_convicted_worker_should_go_to_the_credit_pot_and_nothing_else_change() {
	with_worker(|| {
		let price = serve_a_job();
		assert!(price > 0);
		let pots = Settlement::pots();
		assert_eq!(pots.earnings, price);
		convict(Offence::Wrong);
		let after = Settlement::pots();
		assert_eq!((after.earnings, after.credit), (0, pots.credit + price));
		assert_eq!(after.days, pots.days);

		// The job is final, and settled at nothing, at its time.
		let (mut finals, end) = (0, Clock::protocol() + 90_000);
		while Clock::protocol() < end {
			close_block();
			assert!(!has_event(|event| matches!(
				event,
				RuntimeEvent::Jobs(pallet_jobs::Event::FundsUnsettled { .. })
					| RuntimeEvent::Settlement(pallet_settlement::Event::Paid { .. })
			)));
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
