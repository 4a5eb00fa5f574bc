//! One file per topic.
#![allow(clippy::unwrap_used, clippy::panic)]

mod bond;
mod counting;
mod exclusions;
mod invariants;
mod ladder;
mod offchain;
mod offences;
mod registration;
mod reports;
mod slashes;
mod slots;
mod states;

use polkadot_sdk::frame_support::traits::fungible::InspectHold;

use crate::{mock::*, Event, HoldReason, RecordOf, WorkerState, Workers as Stored};

fn signed(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

fn root() -> RuntimeOrigin {
	RuntimeOrigin::root()
}

fn held(who: u64) -> u64 {
	Balances::balance_on_hold(&HoldReason::Bond.into(), &who)
}

fn slashed(who: u64) -> u64 {
	Balances::balance_on_hold(&HoldReason::Slashed.into(), &who)
}

fn record(who: u64) -> RecordOf<Test> {
	Stored::<Test>::get(who).unwrap()
}

fn state(who: u64) -> WorkerState {
	record(who).state
}

/// Own events since the last call.
fn events() -> Vec<Event<Test>> {
	let records = System::events();
	System::reset_events();
	let own = |record: polkadot_sdk::frame_system::EventRecord<RuntimeEvent, _>| match record.event
	{
		RuntimeEvent::Workers(event) => Some(event),
		_ => None,
	};
	records.into_iter().filter_map(own).collect()
}

fn last_event() -> Event<Test> {
	match System::events().pop().unwrap().event {
		RuntimeEvent::Workers(event) => event,
		other => panic!("{other:?}"),
	}
}
