//! A chain of balances, sessions with their history, offences and validators, with a clock that
//! the tests turn.
#![allow(clippy::unwrap_used, clippy::panic)]

use codec::Encode;
use frame_support::{
	derive_impl,
	traits::{fungible::InspectHold, tokens::imbalance::ResolveTo, ConstU32, ConstU64, OnPoll},
	weights::WeightMeter,
};
use frame_system::EnsureRoot;
use one_primitives::{
	clock::{Clock, Day},
	Moment, ProtocolTime,
};
use pallet_authorship::EventHandler;
use pallet_session::{disabling::UpToLimitDisablingStrategy, historical, TestSessionHandler};
use polkadot_sdk::*;
use sp_runtime::{
	impl_opaque_keys, testing::UintAuthorityId, traits::ConvertInto, BuildStorage, Perbill,
	Permill, RuntimeAppPublic,
};
use sp_staking::{
	offence::{Kind, Offence as OffenceReport, OffenceError, ReportOffence},
	SessionIndex,
};

use crate as pallet_validators;
use crate::{ExposureOf, HoldReason, Seat, Sets};

pub type AccountId = u64;
pub type Balance = u64;

pub const ED: Balance = 10;
pub const FUNDS: Balance = 100_000;
pub const SLOT: ProtocolTime = 3_000;
/// Slots of a session.
pub const SESSION: u32 = 20;
/// Sessions for which an offence can be reported.
pub const REPORTABLE: SessionIndex = 5;
/// The longest that they, the session of the offence and the two around it can last.
pub const WINDOW: ProtocolTime = (REPORTABLE as u64 + 3) * LONGEST_SESSION;
/// A session whose last slots were skipped: at most two slots more.
pub const LONGEST_SESSION: ProtocolTime = (SESSION as u64 + 2) * SLOT;
/// Where slashes go.
pub const POT: AccountId = 99;
/// Accounts with funds. The first ten are the validators of genesis.
pub const ACCOUNTS: core::ops::RangeInclusive<AccountId> = 1..=16;

frame_support::construct_runtime!(
	pub enum Test {
		System: frame_system,
		Balances: pallet_balances,
		Validators: pallet_validators,
		Offences: pallet_offences,
		Historical: historical,
		Session: pallet_session,
	}
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = frame_system::mocking::MockBlock<Test>;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
	type ExistentialDeposit = ConstU64<ED>;
	type Balance = Balance;
}

impl_opaque_keys! {
	pub struct Keys {
		pub dummy: UintAuthorityId,
	}
}

/// Tests end sessions by hand.
pub struct ByHand;

impl pallet_session::ShouldEndSession<u64> for ByHand {
	fn should_end_session(_: u64) -> bool {
		false
	}
}

impl pallet_session::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = ByHand;
	type NextSessionRotation = ();
	type SessionManager = historical::NoteHistoricalRoot<Test, Validators>;
	type SessionHandler = TestSessionHandler;
	type Keys = Keys;
	type DisablingStrategy = UpToLimitDisablingStrategy;
	type WeightInfo = ();
	type Currency = Balances;
	type KeyDeposit = ConstU64<1>;
}

impl historical::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = Balance;
	type FullIdentificationOf = ExposureOf<Test>;
}

impl pallet_offences::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = historical::IdentificationTuple<Test>;
	type OnOffenceHandler = Validators;
}

frame_support::parameter_types! {
	pub storage Now: Moment = 0;
	pub storage MinBond: Balance = 1_000;
	pub storage MaxValidators: u32 = 10;
	pub storage MinValidators: u32 = 3;
	pub storage EquivocationSlash: Perbill = Perbill::from_percent(5);
	pub storage OfflineSlash: Perbill = Perbill::from_percent(1);
	pub storage OfflineBlocks: u32 = 2;
	pub storage MaxOffline: Permill = Permill::from_percent(10);
	pub storage MinActivity: Permill = Permill::from_percent(66);
	pub storage SlashDeferral: ProtocolTime = 4 * LONGEST_SESSION;
	pub const Pot: AccountId = POT;
}

/// Protocol time alone; there are no days.
pub struct TestClock;

impl Clock for TestClock {
	fn utc() -> Moment {
		Now::get()
	}
	fn protocol() -> ProtocolTime {
		Now::get()
	}
	fn day() -> Day {
		0
	}
	fn day_start(_: Day) -> Moment {
		0
	}
	fn window() -> u32 {
		0
	}
	fn window_start(_: u32) -> Moment {
		0
	}
}

impl pallet_validators::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Clock = TestClock;
	type Sessions = Session;
	type MinBond = MinBond;
	type MaxValidators = MaxValidators;
	type MinValidators = MinValidators;
	type EquivocationSlash = EquivocationSlash;
	type OfflineSlash = OfflineSlash;
	type OfflineBlocks = OfflineBlocks;
	type MaxOffline = MaxOffline;
	type MinActivity = MinActivity;
	type SlashDeferral = SlashDeferral;
	type ReportWindow = ConstU64<WINDOW>;
	type ReportSessions = ConstU32<REPORTABLE>;
	type SessionLength = ConstU32<SESSION>;
	type MaxCandidates = ConstU32<12>;
	type MaxSeats = ConstU32<10>;
	type OnSlash = ResolveTo<Pot, Balances>;
	type CancelOrigin = EnsureRoot<AccountId>;
	type WeightInfo = ();
}

/// Bond of a validator of genesis: the lower its number, the larger.
pub const fn bond_of(who: AccountId) -> Balance {
	10_000 - 100 * who
}

/// Runs `test` on a chain whose first validators are 1 to `validators`, and checks the invariants
/// after it.
pub fn build_and_execute(validators: AccountId, test: impl FnOnce()) {
	let mut storage = frame_system::GenesisConfig::<Test>::default()
		.build_storage()
		.unwrap();
	let owners = ACCOUNTS.map(|who| (who, FUNDS + ED));
	let genesis = RuntimeGenesisConfig {
		balances: pallet_balances::GenesisConfig {
			balances: owners.chain([(POT, ED)]).collect(),
			..Default::default()
		},
		validators: pallet_validators::GenesisConfig {
			validators: (1..=validators).map(|who| (who, bond_of(who))).collect(),
		},
		session: pallet_session::GenesisConfig {
			keys: (1..=validators).map(|who| (who, who, keys(who))).collect(),
			..Default::default()
		},
		..Default::default()
	};
	genesis.assimilate_storage(&mut storage).unwrap();
	sp_io::TestExternalities::new(storage).execute_with(|| {
		System::set_block_number(1);
		test();
		Validators::do_try_state().unwrap();
	});
}

/// Lets `time` pass.
pub fn pass(time: ProtocolTime) {
	Now::set(&(Now::get() + time));
}

/// A block by `author`.
pub fn block_by(author: AccountId) {
	System::set_block_number(System::block_number() + 1);
	pass(SLOT);
	<Validators as EventHandler<_, _>>::note_author(author);
	poll();
}

/// The hook of a block.
pub fn poll() {
	Validators::on_poll(System::block_number(), &mut WeightMeter::new());
}

/// Ends the session.
pub fn rotate() {
	Session::rotate_session();
	Validators::do_try_state().unwrap();
}

/// A session without blocks, as long as one can be.
pub fn pass_session() {
	pass(LONGEST_SESSION);
	rotate();
}

/// Makes `blocks` of a session, by its validators in turn but for those `absent`, and ends it.
pub fn session_of(blocks: u32, absent: &[AccountId]) {
	let mut authors = Session::validators();
	authors.retain(|who| !absent.contains(who));
	for block in 0..blocks as usize {
		block_by(authors[block % authors.len()]);
	}
	rotate();
}

/// Full sessions in which everybody makes blocks but those `absent`.
pub fn sessions(count: u32, absent: &[AccountId]) {
	for _ in 0..count {
		session_of(SESSION, absent);
	}
}

fn keys(who: AccountId) -> Keys {
	Keys {
		dummy: UintAuthorityId(who),
	}
}

/// Gives `who` session keys.
pub fn set_keys(who: AccountId) {
	let proof = UintAuthorityId(who).sign(&who.encode()).unwrap().encode();
	Session::set_keys(RuntimeOrigin::signed(who), keys(who), proof).unwrap();
}

/// An equivocation as BABE and GRANDPA report it.
pub struct Equivocation {
	offender: (AccountId, Balance),
	session: SessionIndex,
	slot: u64,
	fraction: fn(u32) -> Perbill,
}

impl OffenceReport<(AccountId, Balance)> for Equivocation {
	const ID: Kind = *b"test:equivocatio";
	type Slot = u64;

	fn offenders(&self) -> Vec<(AccountId, Balance)> {
		vec![self.offender]
	}
	fn session_index(&self) -> SessionIndex {
		self.session
	}
	fn validator_set_count(&self) -> u32 {
		10
	}
	fn slot(&self) -> u64 {
		self.slot
	}
	fn slash_fraction(&self, offenders: u32) -> Perbill {
		(self.fraction)(offenders)
	}
}

/// What `who` has at stake in this session, if it is a validator of it.
pub fn exposure(who: AccountId) -> Option<Balance> {
	let seats = Sets::<Test>::get(Session::current_index());
	let seat = seats
		.into_iter()
		.find(|seat: &Seat<_, _>| seat.who == who)?;
	Some(seat.exposure)
}

/// Reports an equivocation in `slot` of `session` by one that had `exposure` at stake. Each
/// offender in the slot costs each of them a tenth.
pub fn report(
	who: AccountId,
	exposure: Balance,
	session: SessionIndex,
	slot: u64,
) -> Result<(), OffenceError> {
	let offence = Equivocation {
		offender: (who, exposure),
		session,
		slot,
		fraction: |offenders| Perbill::from_percent(offenders.saturating_mul(10).min(100)),
	};
	Offences::report_offence(vec![], offence)
}

/// Reports that `who` equivocated in this session.
pub fn equivocate(who: AccountId) {
	let slot = System::block_number() * 1_000 + who;
	report(who, exposure(who).unwrap(), Session::current_index(), slot).unwrap();
}

/// What is held of `who` for its bond.
pub fn held(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Bond.into(), &who)
}

/// What is held of `who` for slashes.
pub fn slashed(who: AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Slashed.into(), &who)
}

/// What the test runtime saw happen in this pallet, latest last.
pub fn events() -> Vec<crate::Event<Test>> {
	System::read_events_for_pallet()
}
