//! One file per topic.
#![allow(clippy::unwrap_used, clippy::panic)]

mod invariants;
mod offchain;
mod registration;
mod reports;
mod slots;

use crate::{
	mock::{RuntimeEvent, System, Test},
	Event,
};

fn last_event() -> Event<Test> {
	match System::events().pop().unwrap().event {
		RuntimeEvent::Workers(event) => event,
		other => panic!("{other:?}"),
	}
}
