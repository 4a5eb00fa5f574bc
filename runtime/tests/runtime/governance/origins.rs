//! What each track may do, and no other.

use super::*;
use crate::market;
use one_primitives::models::ModelId;
use one_runtime::{
	configs::{
		assets::AssetKind,
		governance::{periods::TrackPeriods, tracks::Tracks},
		parameters::{governance, time},
	},
	constants::currency::USDC,
	Address, Balance, Balances, Models, RuntimeOrigin, Settlement,
};
use pallet_models::ModelState;
use polkadot_sdk::{
	frame_support::{
		storage::{with_transaction, TransactionOutcome},
		traits::fungible::InspectHold,
	},
	pallet_referenda::TracksInfo,
	sp_runtime::{traits::Dispatchable, DispatchError, Permill},
};

const MODEL: ModelId = ModelId::repeat_byte(7);

fn model_calls() -> Vec<RuntimeCall> {
	use pallet_models::Call;
	let (model, record) = (MODEL, market::model());
	vec![
		Call::<Runtime>::register { model, record }.into(),
		Call::<Runtime>::stage { model }.into(),
		Call::<Runtime>::activate { model }.into(),
	]
}

fn reject_call() -> RuntimeCall {
	pallet_models::Call::<Runtime>::reject { model: MODEL }.into()
}

/// Has Eve propose the model on a deposit.
fn propose_model() {
	use pallet_models::Call;
	let (model, record) = (MODEL, market::model());
	let call = Call::<Runtime>::propose { model, record };
	assert_ok!(submit(Eve, call).unwrap());
	assert_eq!(deposits(), bounded::ListingDeposit::get());
}

/// What is on hold of Eve for models.
fn deposits() -> Balance {
	let reason = pallet_models::HoldReason::Listing.into();
	Balances::balance_on_hold(&reason, &account(Eve))
}

fn batch_all(calls: Vec<RuntimeCall>) -> RuntimeCall {
	pallet_utility::Call::<Runtime>::batch_all { calls }.into()
}

#[test]
fn model_should_be_activated_by_a_referendum_on_models() {
	in_block("development", || {
		assert_ok!(pass(Origin::Models, batch_all(model_calls())));
		let info = Models::info(MODEL).unwrap();
		assert!(info.state == ModelState::Active && info.open);
	});
}

#[test]
fn proposed_model_should_be_activated_by_a_referendum_and_its_deposit_return_with_its_removal() {
	in_block("development", || {
		propose_model();
		assert!(!Models::info(MODEL).unwrap().open);
		assert_ok!(pass(Origin::Models, batch_all(model_calls())));
		assert!(Models::info(MODEL).unwrap().open);
		assert_eq!(deposits(), bounded::ListingDeposit::get());

		let model = MODEL;
		let end = vec![
			pallet_models::Call::<Runtime>::retire { model }.into(),
			pallet_models::Call::<Runtime>::remove { model }.into(),
		];
		let before = Balances::free_balance(account(Eve));
		let removal = propose(Origin::Models, batch_all(end));
		all_agree(removal);
		assert_eq!(deposits(), bounded::ListingDeposit::get());
		assert_ok!(enact(removal));
		assert_eq!(deposits(), 0);
		assert!(Balances::free_balance(account(Eve)) > before);
	});
}

#[test]
fn deposit_of_a_model_that_a_referendum_rejects_should_go_to_the_fee_pot() {
	in_block("local", || {
		propose_model();
		let amount = deposits();
		assert_ok!(pass(Origin::Models, reject_call()));
		assert_eq!((deposits(), Models::info(MODEL)), (0, None));
		let (who, model) = (account(Eve), MODEL);
		let slashed = pallet_models::Event::<Runtime>::DepositSlashed { who, model, amount };
		assert!(has_event(
			|event| *event == RuntimeEvent::Models(slashed.clone())
		));
		let to_pot = RuntimeEvent::Balances(pallet_balances::Event::Deposit {
			who: Settlement::fee_account(),
			amount,
		});
		assert!(has_event(|event| *event == to_pot));
	});
}

#[test]
fn referendum_should_come_to_nothing_when_its_track_has_no_say() {
	in_block("local", || {
		let before = price();
		assert_eq!(
			pass(Origin::Models, set_price(ONE_USDC)),
			Err(DispatchError::BadOrigin)
		);
		assert_eq!(price(), before);
	});
}

fn parameter(key_value: RuntimeParameters) -> RuntimeCall {
	pallet_parameters::Call::<Runtime>::set_parameter { key_value }.into()
}

fn set_pool_fee() -> RuntimeCall {
	let pool_id = (AssetKind::Native, AssetKind::WithId(USDC));
	let fee = Permill::from_percent(1);
	pallet_asset_conversion::Call::<Runtime>::set_pool_fee { pool_id, fee }.into()
}

fn spend() -> RuntimeCall {
	pallet_treasury::Call::<Runtime>::spend {
		asset_kind: Box::new(AssetKind::Native),
		amount: ONE,
		beneficiary: Box::new(Address::Id(account(Eve))),
		valid_from: None,
	}
	.into()
}

fn pause_call(pallet: &str, call: &str) -> RuntimeCall {
	let name = |text: &str| text.as_bytes().to_vec().try_into().unwrap();
	let full_name = (name(pallet), name(call));
	pallet_tx_pause::Call::<Runtime>::pause { full_name }.into()
}

/// Calls that only root may make.
fn root_calls() -> Vec<RuntimeCall> {
	let periods = TrackPeriods {
		prepare: 0,
		decision: 0,
		confirm: 0,
		enactment: 0,
	};
	let hurried = governance::Parameters::RootPeriods(governance::RootPeriods, Some(periods));
	let day = time::Parameters::DayLength(time::DayLength, Some(60_000));
	vec![
		frame_system::Call::<Runtime>::authorize_upgrade {
			code_hash: Default::default(),
		}
		.into(),
		parameter(RuntimeParameters::Governance(hurried)),
		parameter(RuntimeParameters::Time(day)),
		pallet_assets::Call::<Runtime, pallet_assets::Instance1>::force_create {
			id: 7.into(),
			owner: Address::Id(account(Alice)),
			is_sufficient: true,
			min_balance: 1,
		}
		.into(),
		pallet_balances::Call::<Runtime>::force_transfer {
			source: Address::Id(account(Alice)),
			dest: Address::Id(account(Bob)),
			value: ONE,
		}
		.into(),
		pallet_collective::Call::<Runtime, pallet_collective::Instance1>::set_members {
			new_members: vec![account(Alice)],
			prime: None,
			old_count: 3,
		}
		.into(),
	]
}

/// The business of every track beside root.
fn business() -> [(Origin, Vec<RuntimeCall>); 4] {
	let (index, id) = (0, [0; 32]);
	[
		(Origin::Parameters, vec![set_price(1), set_pool_fee()]),
		(
			Origin::Models,
			vec![batch_all(model_calls()), reject_call()],
		),
		(Origin::Treasury, vec![spend()]),
		(
			Origin::Emergency,
			vec![
				pause_call("Access", "stake"),
				pallet_referenda::Call::<Runtime>::cancel { index }.into(),
				pallet_referenda::Call::<Runtime>::kill { index }.into(),
				pallet_treasury::Call::<Runtime>::void_spend { index }.into(),
				pallet_scheduler::Call::<Runtime>::cancel_named { id }.into(),
			],
		),
	]
}

/// Whether `caller` has the say over `call`, be there something to decide or not.
fn has_say(caller: &OriginCaller, call: &RuntimeCall) -> bool {
	let origin = RuntimeOrigin::from(caller.clone());
	let result = with_transaction(|| {
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(call.clone().dispatch(origin)))
	});
	let error = result.unwrap().map_err(|error| error.error);
	error.err() != Some(DispatchError::BadOrigin)
}

#[test]
fn origins_should_do_their_business_and_no_other() {
	in_block("development", || {
		for (owner, calls) in business() {
			for call in &calls {
				assert!(has_say(&root(), call), "root: {call:?}");
				for (other, _) in business() {
					let caller = OriginCaller::from(other);
					assert_eq!(
						has_say(&caller, call),
						other == owner,
						"{other:?}: {call:?}"
					);
				}
				let signed = RawOrigin::Signed(account(Alice)).into();
				assert!(!has_say(&signed, call), "signed: {call:?}");
			}
		}
	});
}

#[test]
fn origins_beside_root_should_not_do_what_root_alone_may() {
	in_block("development", || {
		for call in root_calls() {
			assert!(has_say(&root(), &call), "{call:?}");
			for (other, _) in business() {
				assert!(!has_say(&other.into(), &call), "{other:?}: {call:?}");
			}
		}
	});
}

#[test]
fn every_origin_should_have_its_own_track_and_no_account_one() {
	at_genesis("local").execute_with(|| {
		assert_ok!(Tracks::check_integrity());
		let origins = business().map(|(origin, _)| OriginCaller::from(origin));
		let tracks: Vec<_> = [root()]
			.iter()
			.chain(&origins)
			.map(|origin| Tracks::track_for(origin).unwrap())
			.collect();
		let ids: Vec<_> = Tracks::track_ids().collect();
		assert_eq!(tracks, ids);
		let listed: Vec<_> = Tracks::tracks().map(|track| track.id).collect();
		assert_eq!(listed, ids);
		let signed = RawOrigin::Signed(account(Alice)).into();
		assert!(Tracks::track_for(&signed).is_err());
	});
}

#[test]
fn periods_should_be_days_by_default_and_short_in_the_presets() {
	const DAY: u32 = 28_800;
	sp_io::TestExternalities::default().execute_with(|| {
		for track in Tracks::tracks().filter(|track| &track.info.name[..9] != b"emergency") {
			assert!(track.info.decision_period >= 7 * DAY, "{track:?}");
			assert!(track.info.confirm_period >= DAY / 2, "{track:?}");
		}
	});
	for preset in ["development", "local", "demo"] {
		at_genesis(preset).execute_with(|| {
			for track in Tracks::tracks() {
				assert!(track.info.decision_period <= 20, "{preset}: {track:?}");
			}
		});
	}
}

/// Whoever agreed is bound by the consequences: votes stay locked beyond every enactment.
#[test]
fn votes_should_be_locked_for_longer_than_enactments_take() {
	use one_runtime::configs::governance::periods::VoteLock;
	let check = || {
		for track in Tracks::tracks() {
			assert!(VoteLock::get() >= track.info.min_enactment_period);
		}
	};
	sp_io::TestExternalities::default().execute_with(check);
	for preset in ["development", "local", "demo", "live"] {
		at_genesis(preset).execute_with(check);
	}
}

#[test]
fn emergency_should_stop_a_referendum_and_take_its_deposits_when_it_is_killed() {
	in_block("local", || {
		let bad = propose(
			root(),
			frame_system::Call::<Runtime>::set_heap_pages { pages: 1 },
		);
		let treasury = one_runtime::configs::assets::treasury();
		let before = one_runtime::Balances::free_balance(&treasury);
		let kill = pallet_referenda::Call::<Runtime>::kill { index: bad };
		assert_ok!(pass(Origin::Emergency, kill));
		assert!(matches!(
			ReferendumInfoFor::<Runtime>::get(bad),
			Some(ReferendumInfo::Killed(_))
		));
		let taken = one_runtime::Balances::free_balance(&treasury) - before;
		assert_eq!(taken, 10_010 * ONE);
	});
}

#[test]
fn emergency_should_cancel_what_has_passed_before_it_is_enacted() {
	in_block("local", || {
		let before = price();
		let passed = propose_after(Eve, Origin::Parameters.into(), &set_price(ONE_USDC), 90);
		all_agree(passed);
		decide(passed);
		let id = enactment(passed);
		assert!(pallet_scheduler::Lookup::<Runtime>::contains_key(id));

		let cancel = pallet_scheduler::Call::<Runtime>::cancel_named { id };
		assert_ok!(pass(Origin::Emergency, cancel));
		assert!(!pallet_scheduler::Lookup::<Runtime>::contains_key(id));
		next_blocks(PATIENCE);
		assert_eq!(price(), before);
	});
}
