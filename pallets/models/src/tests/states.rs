//! A model's way from registered to removed.

use one_primitives::models::Models as _;
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	frame_system::RawOrigin,
	sp_runtime::{DispatchError::BadOrigin, Permill},
};

use crate::{mock::*, Error, Event, ModelRecord, ModelState, Models as Stored};

fn root() -> RuntimeOrigin {
	RawOrigin::Root.into()
}

fn last_event() -> Event<Test> {
	match System::events().pop().unwrap().event {
		RuntimeEvent::Models(event) => event,
		other => panic!("{other:?}"),
	}
}

fn state(n: u8) -> ModelState {
	Stored::<Test>::get(id(n)).unwrap().state
}

#[test]
fn model_should_take_jobs_when_registered_staged_and_activated_after_the_timelock() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Models::register(root(), id(1), record()));
		assert_eq!(last_event(), Event::ModelRegistered { model: id(1) });
		assert!(Models::is_registered(&id(1)));
		assert_eq!(Models::terms(&id(1)), None);

		Protocol::set(5_000);
		assert_ok!(Models::stage(root(), id(1)));
		assert_eq!(
			last_event(),
			Event::ModelStaged {
				model: id(1),
				ready: 65_000
			}
		);

		Protocol::set(64_999);
		assert_noop!(
			Models::activate(root(), id(1)),
			Error::<Test>::TimelockRunning
		);
		Protocol::set(65_000);
		assert_ok!(Models::activate(root(), id(1)));
		let cost = SHAPE.cost().unwrap();
		assert_eq!(last_event(), Event::ModelActivated { model: id(1), cost });

		let terms = Models::terms(&id(1)).unwrap();
		assert_eq!(
			(terms.cost, terms.context, terms.template_tokens),
			(cost, 512, 16)
		);
		assert_eq!(
			(terms.min_tier, terms.arithmetic, terms.min_vram),
			(0, 1, 64)
		);
	});
}

#[test]
fn steps_should_be_refused_when_out_of_order() {
	ExtBuilder::default().build_and_execute(|| {
		for call in [
			Models::stage,
			Models::activate,
			Models::retire,
			Models::remove,
			Models::reject,
		] {
			assert_noop!(call(root(), id(1)), Error::<Test>::UnknownModel);
		}
		assert_ok!(Models::register(root(), id(1), record()));
		assert_noop!(Models::activate(root(), id(1)), Error::<Test>::NotStaged);
		assert_noop!(Models::remove(root(), id(1)), Error::<Test>::NotRetired);
		assert_ok!(Models::stage(root(), id(1)));
		assert_noop!(Models::stage(root(), id(1)), Error::<Test>::AlreadyStaged);
		Protocol::set(60_000);
		assert_ok!(Models::activate(root(), id(1)));
		assert_noop!(
			Models::activate(root(), id(1)),
			Error::<Test>::AlreadyStaged
		);
		assert_ok!(Models::retire(root(), id(1)));
		for call in [Models::stage, Models::activate, Models::retire] {
			assert_noop!(call(root(), id(1)), Error::<Test>::AlreadyRetired);
		}
	});
}

#[test]
fn retire_should_close_a_model_and_remove_should_make_room() {
	let genesis = (1..=4).map(|n| (id(n), record())).collect();
	ExtBuilder::default().models(genesis).build_and_execute(|| {
		assert_noop!(
			Models::register(root(), id(5), record()),
			Error::<Test>::TooManyModels
		);
		assert!(Models::terms(&id(1)).is_some());
		assert_ok!(Models::retire(root(), id(1)));
		assert_eq!(last_event(), Event::ModelRetired { model: id(1) });
		assert_eq!(
			(state(1), Models::terms(&id(1))),
			(ModelState::Retired, None)
		);
		assert!(!Models::is_registered(&id(1)));

		assert_ok!(Models::remove(root(), id(1)));
		assert_eq!(last_event(), Event::ModelRemoved { model: id(1) });
		assert_ok!(Models::register(root(), id(5), record()));
	});
}

#[test]
fn model_should_take_no_jobs_when_its_retirement_date_is_reached() {
	let mut dated = record();
	dated.retires_at = Some(2_000_000);
	ExtBuilder::default()
		.models(vec![(id(1), dated)])
		.build_and_execute(|| {
			Utc::set(1_999_999);
			assert!(Models::terms(&id(1)).is_some() && Models::info(id(1)).unwrap().open);
			Utc::set(2_000_000);
			assert!(Models::terms(&id(1)).is_none() && !Models::info(id(1)).unwrap().open);
			assert!(Models::is_registered(&id(1)));
		});
}

#[test]
fn staged_model_should_be_on_trial_when_it_has_a_canary_share() {
	ExtBuilder::default().build_and_execute(|| {
		let share = Permill::from_percent(10);
		let canary = |n| Models::terms(&id(n)).map(|terms| terms.canary);
		let is_open = |n| Models::info(id(n)).unwrap().open;
		for (n, canary) in [(1, share), (2, share), (3, Permill::zero())] {
			let record = ModelRecord { canary, ..record() };
			assert_ok!(Models::register(root(), id(n), record));
		}
		assert_eq!([1, 2, 3].map(canary), [None; 3]);

		for n in [1, 2, 3] {
			assert_ok!(Models::stage(root(), id(n)));
		}
		let on_trial = Some(Some(share));
		assert_eq!([1, 2, 3].map(canary), [on_trial, on_trial, None]);
		assert_eq!([1, 2, 3].map(is_open), [true, true, false]);

		Protocol::mutate(|now| *now += Timelock::get());
		for n in [1, 3] {
			assert_ok!(Models::activate(root(), id(n)));
		}
		assert_ok!(Models::retire(root(), id(2)));
		assert_eq!([1, 2, 3].map(canary), [Some(None), None, Some(None)]);
	});
}

#[test]
fn model_on_trial_should_take_no_jobs_when_its_retirement_date_is_reached() {
	ExtBuilder::default().build_and_execute(|| {
		let record = ModelRecord {
			canary: Permill::one(),
			retires_at: Some(Utc::get() + 1),
			..record()
		};
		assert_ok!(Models::register(root(), id(1), record));
		assert_ok!(Models::stage(root(), id(1)));
		assert!(Models::terms(&id(1)).is_some());
		Utc::mutate(|now| *now += 1);
		assert_eq!(Models::terms(&id(1)), None);
	});
}

#[test]
fn model_should_be_told_closed_while_it_is_paused() {
	let genesis = vec![(id(1), record()), (id(2), record())];
	ExtBuilder::default().models(genesis).build_and_execute(|| {
		PausedModel::set(Some(id(1)));
		assert!(!Models::info(id(1)).unwrap().open && Models::info(id(2)).unwrap().open);
		// Slots and jobs at hand keep their terms.
		assert!(Models::terms(&id(1)).is_some() && state(1) == ModelState::Active);
	});
}

#[test]
fn calls_should_be_refused_when_not_from_the_admin() {
	ExtBuilder::default().build_and_execute(|| {
		let user = || RuntimeOrigin::from(RawOrigin::Signed(1));
		assert_noop!(Models::register(user(), id(1), record()), BadOrigin);
		for call in [
			Models::stage,
			Models::activate,
			Models::retire,
			Models::remove,
			Models::reject,
		] {
			assert_noop!(call(user(), id(1)), BadOrigin);
		}
		assert_noop!(Models::propose(root(), id(1), record()), BadOrigin);
		assert_noop!(Models::withdraw_proposal(root(), id(1)), BadOrigin);
	});
}

#[test]
fn infos_should_list_every_model() {
	let genesis = vec![(id(1), record()), (id(2), record())];
	ExtBuilder::default().models(genesis).build_and_execute(|| {
		let mut ids: Vec<_> = Models::infos().into_iter().map(|info| info.id).collect();
		ids.sort();
		assert_eq!(ids, vec![id(1), id(2)]);
		assert_eq!(Models::info(id(3)), None);
	});
}
