//! Reports: who may send one, when, and what it does.

use codec::Encode;
use one_primitives::{
	jobs::Acceptance,
	receipts::{self, Finish, Outcome, Receipt, SignedReceipt},
	workers::crypto::WorkerSignature,
};
use polkadot_sdk::{
	frame_support::{
		assert_noop, assert_ok,
		dispatch::{DispatchClass, GetDispatchInfo, Pays},
		traits::Authorize,
		BoundedVec,
	},
	frame_system::{AuthorizeCall, ChainContext, RawOrigin},
	sp_core::{crypto::Pair, H256},
	sp_runtime::{
		traits::{Applyable, Checkable},
		transaction_validity::{
			InvalidTransaction, TransactionSource, TransactionValidityError, UnknownTransaction,
			ValidTransaction,
		},
		DispatchError::BadOrigin,
	},
};

use super::last_event;
use crate::{mock::*, Call, Event, ReportOf, Workers as Stored, AHEAD, MAX_AGE};

fn sign(report: &ReportOf<Test>) -> WorkerSignature {
	pair(report.worker).sign(&Workers::report_message(report))
}

fn authorize_with(
	report: ReportOf<Test>,
	signature: WorkerSignature,
) -> Result<ValidTransaction, TransactionValidityError> {
	let call = RuntimeCall::from(Call::report { report, signature });
	call.authorize(TransactionSource::External)
		.unwrap()
		.map(|(valid, _)| valid)
}

fn authorize(report: &ReportOf<Test>) -> Result<ValidTransaction, TransactionValidityError> {
	authorize_with(report.clone(), sign(report))
}

fn receipt(who: u64, job: u64) -> Receipt<u64> {
	Receipt {
		job,
		attempt: 1,
		model: model(1),
		worker: who,
		requests: 1,
		input_tokens: 3,
		output_tokens: 4,
		request_root: H256::repeat_byte(1),
		result_root: H256::repeat_byte(2),
		trace_root: H256::repeat_byte(3),
		outcome: Outcome::Served,
		finish: Finish::Stop,
	}
}

fn signed_receipt(
	signer: u64,
	receipt: Receipt<u64>,
	fork: u8,
) -> SignedReceipt<u64, WorkerSignature> {
	let message = receipts::message(&genesis(), &H256::repeat_byte(fork), &receipt);
	SignedReceipt {
		receipt,
		signature: pair(signer).sign(&message),
		ids: Default::default(),
	}
}

fn with_receipts(who: u64, entries: Vec<SignedReceipt<u64, WorkerSignature>>) -> ReportOf<Test> {
	ReportOf::<Test> {
		receipts: BoundedVec::truncate_from(entries),
		..heartbeat(who)
	}
}

fn with_acceptance(who: u64, job: u64, attempt: u8, fork: u8) -> ReportOf<Test> {
	let entry = Acceptance {
		job,
		attempt,
		assigned: H256::repeat_byte(fork),
	};
	ReportOf::<Test> {
		acceptances: BoundedVec::truncate_from(vec![entry]),
		..heartbeat(who)
	}
}

#[test]
fn report_should_be_valid_once() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		let report = heartbeat(1);
		let valid = authorize(&report).unwrap();
		assert_eq!(valid.provides, vec![("one/report", (1u64, 1u64)).encode()]);
		assert_eq!(
			(valid.priority, valid.longevity),
			(ReportPriority::get(), 16)
		);
		assert_ok!(dispatch(report.clone()));
		assert_eq!(
			last_event(),
			Event::Reported {
				who: 1,
				acceptances: 0,
				receipts: 0
			}
		);
		assert_eq!(authorize(&report), Err(InvalidTransaction::Stale.into()));
	});
}

#[test]
fn report_should_be_stale_when_the_worker_reported_at_a_later_block() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 1);
		assign(1, assignment(7, 1, 0xf0));
		let first = with_acceptance(1, 7, 1, 0xf0);
		assert_eq!(authorize(&first), Err(InvalidTransaction::Stale.into()));
		next_block();
		let second = with_acceptance(1, 7, 1, 0xf0);
		assert_ok!(authorize(&second));
		next_block();
		assert_ok!(dispatch(heartbeat(1)));
		assert_eq!(authorize(&second), Err(InvalidTransaction::Stale.into()));
	});
}

#[test]
fn report_should_go_through_the_extension_as_a_general_transaction() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		let report = heartbeat(1);
		let signature = sign(&report);
		let call = RuntimeCall::from(Call::report { report, signature });
		let extrinsic = Extrinsic::new_transaction(call, (AuthorizeCall::new(),));
		let (info, len) = (extrinsic.get_dispatch_info(), extrinsic.encoded_size());
		assert_eq!(
			(info.class, info.pays_fee),
			(DispatchClass::Operational, Pays::No)
		);
		let apply = |extrinsic: Extrinsic| {
			let checked = Checkable::check(extrinsic, &ChainContext::<Test>::default()).unwrap();
			checked.apply::<Test>(&info, len)
		};
		assert_ok!(apply(extrinsic.clone()).unwrap());
		assert!(Workers::status(&1).unwrap().alive);
		assert_eq!(
			apply(extrinsic).unwrap_err(),
			InvalidTransaction::Stale.into()
		);
	});
}

#[test]
fn report_should_be_refused_when_not_authorized() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		let report = heartbeat(1);
		for origin in [RawOrigin::Signed(1), RawOrigin::None, RawOrigin::Root] {
			let call = Workers::report(origin.into(), report.clone(), sign(&report));
			assert_noop!(call, BadOrigin);
		}
	});
}

#[test]
fn report_should_be_unknown_when_it_may_become_valid() {
	build_and_execute(|| {
		assert_eq!(
			authorize(&heartbeat(1)),
			Err(UnknownTransaction::CannotLookup.into())
		);
		assert_ok!(register(1, &[1], 1));
		let ahead = ReportOf::<Test> {
			block: System::block_number() + 1,
			..heartbeat(1)
		};
		assert_eq!(
			authorize(&ahead),
			Err(UnknownTransaction::Custom(AHEAD).into())
		);
		System::set_block_number(ahead.block);
		assert_ok!(authorize(&ahead));
	});
}

#[test]
fn report_should_be_refused_when_its_block_is_too_long_ago() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		let report = heartbeat(1);
		System::set_block_number(1 + u64::from(MAX_AGE));
		assert_ok!(authorize(&report));
		System::set_block_number(2 + u64::from(MAX_AGE));
		assert_eq!(
			authorize(&report),
			Err(InvalidTransaction::AncientBirthBlock.into())
		);
	});
}

#[test]
fn report_should_be_refused_when_signed_by_another_or_for_another_content() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		let report = heartbeat(1);
		let stolen = pair(2).sign(&Workers::report_message(&report));
		let other = ReportOf::<Test> {
			mailbox: 0,
			..report.clone()
		};
		let bad: TransactionValidityError = InvalidTransaction::BadProof.into();
		assert_eq!(authorize_with(report.clone(), stolen), Err(bad));
		let changed = ReportOf::<Test> {
			arithmetics: BoundedVec::default(),
			..report.clone()
		};
		assert_eq!(authorize_with(changed, sign(&report)), Err(bad));
		assert_eq!(authorize_with(report, sign(&other)), Err(bad));
	});
}

#[test]
fn report_should_be_refused_when_the_worker_has_left() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		assert_ok!(Workers::leave(RawOrigin::Signed(1).into()));
		assert_eq!(
			authorize(&heartbeat(1)),
			Err(InvalidTransaction::Stale.into())
		);
	});
}

#[test]
fn heartbeat_should_be_valid_only_when_due() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 1);
		for _ in 0..3 {
			next_block();
			assert_eq!(
				authorize(&heartbeat(1)),
				Err(InvalidTransaction::Stale.into())
			);
		}
		next_block();
		assert_ok!(authorize(&heartbeat(1)));

		assert_ok!(Workers::drain(RawOrigin::Signed(1).into()));
		assert_eq!(
			authorize(&heartbeat(1)),
			Err(InvalidTransaction::Stale.into())
		);
	});
}

#[test]
fn heartbeat_should_be_due_again_when_maintenance_is_over() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 1);
		let origin = RawOrigin::Signed(1).into();
		assert_ok!(Workers::start_maintenance(origin, 20_000));
		pass(19_999);
		assert_eq!(
			authorize(&heartbeat(1)),
			Err(InvalidTransaction::Stale.into())
		);
		pass(1);
		assert_ok!(authorize(&heartbeat(1)));
	});
}

#[test]
fn report_should_be_due_when_the_service_changes_and_never_without_one() {
	build_and_execute(|| {
		assert_ok!(register(1, &[1], 1));
		let without = || ReportOf::<Test> {
			mailbox: 0,
			..heartbeat(1)
		};
		assert_eq!(authorize(&without()), Err(InvalidTransaction::Stale.into()));
		assert_ok!(dispatch(heartbeat(1)));
		next_block();
		assert_ok!(authorize(&without()));
		assert_ok!(dispatch(without()));
		assert!(!Workers::status(&1).unwrap().alive);

		System::set_block_number(20);
		Protocol::mutate(|now| *now += HeartbeatInterval::get());
		assert_eq!(authorize(&without()), Err(InvalidTransaction::Stale.into()));
		assert_ok!(authorize(&heartbeat(1)));
	});
}

#[test]
fn acceptance_should_be_wanted_once_and_only_of_the_attempt_and_fork_at_hand() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 1);
		assign(1, assignment(7, 2, 0xf0));
		next_block();
		for (job, attempt, fork) in [(8, 2, 0xf0), (7, 1, 0xf0), (7, 2, 0xf1)] {
			let stale = authorize(&with_acceptance(1, job, attempt, fork));
			assert_eq!(stale, Err(InvalidTransaction::Stale.into()));
		}
		let report = with_acceptance(1, 7, 2, 0xf0);
		assert_ok!(authorize(&report));
		assert_ok!(dispatch(report));
		assert_eq!(
			last_event(),
			Event::Reported {
				who: 1,
				acceptances: 1,
				receipts: 0
			}
		);
		assert!(Open::get()[0].1.accepted);

		next_block();
		let repeat = with_acceptance(1, 7, 2, 0xf0);
		assert_eq!(authorize(&repeat), Err(InvalidTransaction::Stale.into()));
	});
}

#[test]
fn receipt_should_complete_its_job_and_list_the_slot_again() {
	build_and_execute(|| {
		with_workers(&[1], &[1], 2);
		assign(1, assignment(7, 1, 0xf0));
		next_block();
		let report = with_receipts(1, vec![signed_receipt(1, receipt(1, 7), 0xf0)]);
		assert_ok!(authorize(&report));
		assert_ok!(dispatch(report));
		assert_eq!(
			last_event(),
			Event::Reported {
				who: 1,
				acceptances: 0,
				receipts: 1
			}
		);
		assert_eq!(Completed::get(), vec![receipt(1, 7)]);
		let record = Stored::<Test>::get(1).unwrap();
		assert_eq!((record.used, record.pulse.unwrap().block), (0, 2));
		assert_eq!(Workers::status(&1).unwrap().seats[0].1.listed, 2);
	});
}

#[test]
fn stale_forged_and_foreign_entries_should_be_skipped_when_another_counts() {
	build_and_execute(|| {
		with_workers(&[2], &[1], 1);
		assign(2, assignment(5, 1, 0xf0));
		with_workers(&[1], &[1], 3);
		for job in [7, 8] {
			assign(1, assignment(job, 1, 0xf0));
			next_block();
			assert_ok!(dispatch(heartbeat(1)));
			set_earned(1, 1, 3);
			Workers::relist(&1);
		}
		next_block();
		let report = with_receipts(
			1,
			vec![
				signed_receipt(1, receipt(1, 99), 0xf0),
				signed_receipt(2, receipt(1, 7), 0xf0),
				signed_receipt(1, receipt(1, 7), 0xf1),
				signed_receipt(1, receipt(2, 5), 0xf0),
				signed_receipt(1, receipt(1, 8), 0xf0),
				signed_receipt(1, receipt(1, 8), 0xf0),
			],
		);
		assert_ok!(authorize(&report));
		assert_ok!(dispatch(report));
		assert_eq!(
			last_event(),
			Event::Reported {
				who: 1,
				acceptances: 0,
				receipts: 1
			}
		);
		assert_eq!(Completed::get(), vec![receipt(1, 8)]);
	});
}

#[test]
fn report_should_weigh_what_pallets_do_with_each_result() {
	build_and_execute(|| {
		let receipts = [7, 8].map(|job| signed_receipt(1, receipt(1, job), 0xf0));
		let report = with_receipts(1, receipts.to_vec());
		let signature = sign(&report);
		let call = RuntimeCall::from(Call::report { report, signature });
		let own = <() as crate::WeightInfo>::report(2);
		let recount = <() as crate::WeightInfo>::recount();
		let weight = call.get_dispatch_info().call_weight;
		assert_eq!(weight, own + recount + CALLBACK * 2);
	});
}
