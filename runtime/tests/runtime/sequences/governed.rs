//! What referenda do.

use super::{calls::*, public::subject, *};
use pallet_models::{ModelOf, ModelState, Models};
use polkadot_sdk::pallet_tx_pause::RuntimeCallNameOf;

pub const GOVERNED: &[(&str, fn(Draw) -> RuntimeCall)] = &[
	("register model", |draw| {
		let (model, record) = (draw.model(), record(draw));
		pallet_models::Call::<Runtime>::register { model, record }.into()
	}),
	("reject", |draw| {
		let model = proposal(draw);
		pallet_models::Call::<Runtime>::reject { model }.into()
	}),
	("stage", |draw| {
		let model = draw.model();
		pallet_models::Call::<Runtime>::stage { model }.into()
	}),
	("activate", |draw| {
		let is_staged = |model: &ModelOf<Runtime>| matches!(model.state, ModelState::Staged { .. });
		let mut staged = Models::<Runtime>::iter().filter(|(_, model)| is_staged(model));
		let model = staged.next().map_or_else(|| draw.model(), |(id, _)| id);
		pallet_models::Call::<Runtime>::activate { model }.into()
	}),
	("retire", |draw| {
		let model = draw.model();
		pallet_models::Call::<Runtime>::retire { model }.into()
	}),
	("remove", |draw| {
		let model = draw.model();
		pallet_models::Call::<Runtime>::remove { model }.into()
	}),
	("convict", |draw| {
		let offence = [Offence::Late, Offence::Wrong, Offence::Malicious][(draw.a % 3) as usize];
		pallet_workers::Call::<Runtime>::convict {
			who: account(draw.any()),
			offence,
			evidence: H256::zero(),
		}
		.into()
	}),
	("cancel_slash of a worker", |draw| {
		let waiting = pallet_workers::Slashes::<Runtime>::iter();
		let (id, who) = waiting
			.map(|(id, slash)| (id, slash.who))
			.min()
			.unwrap_or_else(|| (draw.a, account(draw.any())));
		pallet_workers::Call::<Runtime>::cancel_slash { who, id }.into()
	}),
	("cancel_slash of a validator", |draw| {
		let slash = pallet_validators::Slashes::<Runtime>::iter_keys().min();
		let slash = slash.unwrap_or(draw.a as u32);
		pallet_validators::Call::<Runtime>::cancel_slash { slash }.into()
	}),
	("tx pause", |_| {
		let full_name = stake_call();
		pallet_tx_pause::Call::<Runtime>::pause { full_name }.into()
	}),
	("tx unpause", |_| {
		let ident = stake_call();
		pallet_tx_pause::Call::<Runtime>::unpause { ident }.into()
	}),
	("resume", |draw| {
		let subject = subject(draw);
		pallet_pauses::Call::<Runtime>::resume { subject }.into()
	}),
	("spend", |draw| {
		pallet_treasury::Call::<Runtime>::spend {
			asset_kind: Box::new(AssetKind::Native),
			amount: ONE + draw.one(1_000),
			beneficiary: Box::new(draw.actor()),
			valid_from: None,
		}
		.into()
	}),
	("void_spend", |draw| {
		let next = pallet_treasury::SpendCount::<Runtime>::get();
		let index = next.saturating_sub(1 + draw.upto(1) as u32);
		pallet_treasury::Call::<Runtime>::void_spend { index }.into()
	}),
	("schedule", |draw| {
		let call = Box::new(transfer(draw.any(), ONE));
		pallet_scheduler::Call::<Runtime>::schedule_named_after {
			id: [0; 32],
			after: draw.upto(5) as u32,
			maybe_periodic: None,
			priority: 0,
			call,
		}
		.into()
	}),
	("cancel what is scheduled", |_| {
		pallet_scheduler::Call::<Runtime>::cancel_named { id: [0; 32] }.into()
	}),
	("cancel referendum", |_| {
		let index = pallet_referenda::ReferendumCount::<Runtime>::get().saturating_sub(1);
		pallet_referenda::Call::<Runtime>::cancel { index }.into()
	}),
	("guardians", |_| {
		pallet_collective::Call::<Runtime, pallet_collective::Instance1>::set_members {
			new_members: [Alice, Bob, Charlie].map(account).to_vec(),
			prime: None,
			old_count: 3,
		}
		.into()
	}),
	("listing deposit", |draw| {
		let deposit = Some(draw.one(2_000));
		let deposit = market::Parameters::ListingDeposit(market::ListingDeposit, deposit);
		set(RuntimeParameters::Market(deposit))
	}),
	("bond of workers", |draw| {
		let bond = Some(draw.one(200));
		let bond = market::Parameters::BondPerSlotGib(market::BondPerSlotGib, bond);
		set(RuntimeParameters::Market(bond))
	}),
	("exclusion share", |draw| {
		let share =
			workers::Parameters::ExclusionShare(workers::ExclusionShare, Some(draw.share()));
		set(RuntimeParameters::Workers(share))
	}),
	("price under load", |draw| {
		let ceiling = Some(100 + draw.upto(300) as u32);
		let ceiling = market::Parameters::PriceCeiling(market::PriceCeiling, ceiling);
		set(RuntimeParameters::Market(ceiling))
	}),
	("operators of a model", |draw| {
		let least = Some(1 + draw.upto(1) as u32);
		let operators = workers::Parameters::MinOperators(workers::MinOperators, least);
		set(RuntimeParameters::Workers(operators))
	}),
	("operator share", |draw| {
		let share = workers::Parameters::OperatorShare(workers::OperatorShare, Some(draw.share()));
		set(RuntimeParameters::Workers(share))
	}),
	("fee share", |draw| {
		let share = fees::Parameters::FeeShare(fees::FeeShare, Some(draw.share()));
		set(RuntimeParameters::Fees(share))
	}),
	("thresholds", |draw| {
		let lowest = draw.one(20_000);
		let all = Some([lowest, 2 * lowest, 10 * lowest]);
		let all = credits::Parameters::Thresholds(credits::Thresholds, all);
		set(RuntimeParameters::Credits(all))
	}),
	("price", |draw| {
		let price = credits::Parameters::PricePerGiga(credits::PricePerGiga, Some(draw.usdc(1)));
		set(RuntimeParameters::Credits(price))
	}),
	("budget share", |draw| {
		let share = credits::Parameters::BudgetShare(credits::BudgetShare, Some(draw.share()));
		set(RuntimeParameters::Credits(share))
	}),
	("job floor", |draw| {
		let floor = market::Parameters::JobFloor(market::JobFloor, Some(draw.upto(50_000_000)));
		set(RuntimeParameters::Market(floor))
	}),
	("slice share", |draw| {
		let share = settlement::Parameters::SliceShare(settlement::SliceShare, Some(draw.share()));
		set(RuntimeParameters::Settlement(share))
	}),
];

/// A call that is paused now and then, and not for ever.
fn stake_call() -> RuntimeCallNameOf<Runtime> {
	let name = |bytes: &[u8]| bytes.to_vec().try_into().unwrap();
	(name(b"Access"), name(b"lock"))
}

fn set(key_value: RuntimeParameters) -> RuntimeCall {
	pallet_parameters::Call::<Runtime>::set_parameter { key_value }.into()
}
