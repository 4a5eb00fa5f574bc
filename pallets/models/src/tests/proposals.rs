//! Models that anyone proposes, and their deposits.

use one_primitives::models::Models as _;
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	frame_system::RawOrigin,
	sp_runtime::TokenError,
};

use crate::{mock::*, Error, Event, ModelRecord, ModelState, Models as Stored, Proposals};

fn root() -> RuntimeOrigin {
	RawOrigin::Root.into()
}

fn signed(who: u64) -> RuntimeOrigin {
	RawOrigin::Signed(who).into()
}

/// What this pallet told since it was asked last.
fn events() -> Vec<Event<Test>> {
	let events = System::read_events_for_pallet();
	System::reset_events();
	events
}

fn state(n: u8) -> ModelState {
	Stored::<Test>::get(id(n)).unwrap().state
}

/// Another record than that of the proposals.
fn another() -> ModelRecord {
	ModelRecord {
		min_vram: 65,
		..record()
	}
}

/// Model 1 is proposed by account 1.
fn with_proposal(test: impl FnOnce()) {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Models::propose(signed(1), id(1), record()));
		test();
	});
}

#[test]
fn proposal_should_hold_a_deposit_and_open_nothing() {
	with_proposal(|| {
		let proposed = Event::ModelProposed {
			who: 1,
			model: id(1),
			deposit: DEPOSIT,
		};
		assert_eq!(events(), [proposed]);
		assert_eq!((held(1), Balances::free_balance(1)), (100, 900));
		assert_eq!(state(1), ModelState::Proposed);
		assert_eq!(Proposals::<Test>::get().into_inner(), [id(1)]);
		assert!(!Models::is_registered(&id(1)) && Models::terms(&id(1)).is_none());
		assert!(!Models::info(id(1)).unwrap().open);
	});
}

#[test]
fn proposal_should_be_refused_when_the_model_is_there_or_makes_no_sense() {
	let genesis = vec![(id(2), record())];
	ExtBuilder::default().models(genesis).build_and_execute(|| {
		assert_ok!(Models::propose(signed(1), id(1), record()));
		let propose = |who, n, record| Models::propose(signed(who), id(n), record);
		assert_noop!(propose(2, 1, record()), Error::<Test>::AlreadyProposed);
		assert_noop!(propose(2, 2, record()), Error::<Test>::AlreadyRegistered);
		let broken = ModelRecord {
			arithmetic: 2,
			..record()
		};
		assert_noop!(propose(2, 3, broken), Error::<Test>::UnknownArithmetic);
		assert_noop!(propose(4, 3, record()), TokenError::FundsUnavailable);
	});
}

#[test]
fn proposals_should_not_fill_the_registry() {
	with_proposal(|| {
		assert_ok!(Models::propose(signed(2), id(2), record()));
		let third = || Models::propose(signed(3), id(3), record());
		assert_noop!(third(), Error::<Test>::TooManyProposals);
		assert_ok!(Models::register(root(), id(4), record()));
		// Whatever becomes of one makes room for another.
		assert_ok!(Models::register(root(), id(1), record()));
		assert_ok!(third());
		assert_eq!(Proposals::<Test>::get().into_inner(), [id(2), id(3)]);
		assert_noop!(
			Models::register(root(), id(5), record()),
			Error::<Test>::TooManyModels
		);
	});
}

#[test]
fn deposit_should_be_free_when_the_model_is_forgotten_and_not_before() {
	with_proposal(|| {
		// A deposit stays as it was.
		ListingDeposit::set(&(7 * DEPOSIT));
		assert_ok!(Models::register(root(), id(1), record()));
		assert!(Models::is_registered(&id(1)) && Proposals::<Test>::get().is_empty());
		assert_ok!(Models::stage(root(), id(1)));
		Protocol::set(60_000);
		assert_ok!(Models::activate(root(), id(1)));
		assert_ok!(Models::retire(root(), id(1)));
		assert_eq!(held(1), DEPOSIT);

		events();
		assert_ok!(Models::remove(root(), id(1)));
		let returned = Event::DepositReturned {
			who: 1,
			model: id(1),
			amount: DEPOSIT,
		};
		assert_eq!(events(), [returned, Event::ModelRemoved { model: id(1) }]);
		assert_eq!((held(1), Balances::free_balance(1)), (0, FUNDS));
	});
}

#[test]
fn proposal_should_give_way_when_governance_registers_another_record() {
	with_proposal(|| {
		let register = |record| Models::register(root(), id(1), record);
		System::reset_events();
		assert_ok!(register(another()));
		let returned = Event::DepositReturned {
			who: 1,
			model: id(1),
			amount: DEPOSIT,
		};
		assert_eq!(
			events(),
			[returned, Event::ModelRegistered { model: id(1) }]
		);
		assert_eq!((held(1), Balances::free_balance(1)), (0, FUNDS));
		assert_eq!(Stored::<Test>::get(id(1)).unwrap().listing, None);
		assert_noop!(register(another()), Error::<Test>::AlreadyRegistered);
		assert_noop!(register(record()), Error::<Test>::AlreadyRegistered);
	});
}

#[test]
fn proposal_should_go_no_other_way_than_to_be_registered() {
	with_proposal(|| {
		for call in [Models::stage, Models::activate, Models::retire] {
			assert_noop!(call(root(), id(1)), Error::<Test>::NotRegistered);
		}
		assert_noop!(Models::remove(root(), id(1)), Error::<Test>::NotRetired);
	});
}

#[test]
fn proposer_alone_should_withdraw_and_only_what_is_not_registered() {
	with_proposal(|| {
		let withdraw = |who| Models::withdraw_proposal(signed(who), id(1));
		assert_noop!(withdraw(2), Error::<Test>::NotProposer);
		events();
		assert_ok!(withdraw(1));
		let (who, model, amount) = (1, id(1), DEPOSIT);
		let withdrawn = Event::ProposalWithdrawn { who, model };
		let returned = Event::DepositReturned { who, model, amount };
		assert_eq!(events(), [withdrawn, returned]);
		assert_eq!((held(1), Balances::free_balance(1)), (0, FUNDS));
		assert_noop!(withdraw(1), Error::<Test>::UnknownModel);

		assert_ok!(Models::propose(signed(1), id(1), record()));
		assert_ok!(Models::register(root(), id(1), record()));
		assert_noop!(withdraw(1), Error::<Test>::NotProposed);
	});
}

#[test]
fn rejected_proposal_should_lose_its_deposit_to_the_pot() {
	with_proposal(|| {
		let issued = Balances::total_issuance();
		// Another model of the account keeps its own.
		assert_ok!(Models::propose(signed(1), id(2), record()));
		assert_eq!(held(1), 2 * DEPOSIT);
		events();
		assert_ok!(Models::reject(root(), id(1)));
		let slashed = Event::DepositSlashed {
			who: 1,
			model: id(1),
			amount: DEPOSIT,
		};
		assert_eq!(
			events(),
			[Event::ProposalRejected { model: id(1) }, slashed]
		);
		assert_eq!((held(1), Balances::free_balance(POT)), (DEPOSIT, DEPOSIT));
		assert_eq!(Balances::total_issuance(), issued);
		assert_eq!(Models::info(id(1)), None);

		assert_ok!(Models::register(root(), id(2), record()));
		assert_noop!(Models::reject(root(), id(2)), Error::<Test>::NotProposed);
	});
}
