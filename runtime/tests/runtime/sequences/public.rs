//! What validators, voters, guardians and everybody else send.

use super::*;
use crate::validators;
use codec::Encode;
use one_primitives::jobs::Lane;
use one_runtime::{
	configs::governance::{origins::Origin, tracks::PARAMETERS},
	AccountId,
};
use pallet_pauses::Subject;
use polkadot_sdk::{
	frame_support::{
		traits::{schedule::DispatchTime, Bounded},
		weights::Weight,
	},
	pallet_collective::Instance1,
	pallet_conviction_voting::{AccountVote, Conviction, Vote},
	pallet_vesting::VestingInfo,
	sp_keyring::Ed25519Keyring,
	sp_runtime::traits::{BlakeTwo256, Hash},
};

/// Who share an account of which two must agree.
const GROUP: [Sr25519Keyring; 3] = [Alice, Bob, Charlie];
/// Weight of what they decide, at the most.
const MOST: Weight = Weight::from_parts(10_000_000_000, 1_000_000);

pub const PUBLIC: &[Named] = &[
	("bond", |_, draw| {
		let amount = 10_000 * ONE + draw.one(200_000);
		pallet_validators::Call::<Runtime>::bond { amount }.into()
	}),
	("bond_more", |_, draw| {
		let amount = draw.one(100_000);
		pallet_validators::Call::<Runtime>::bond_more { amount }.into()
	}),
	("unbond", |_, draw| {
		let amount = draw.one(100_000);
		pallet_validators::Call::<Runtime>::unbond { amount }.into()
	}),
	("withdraw what is unbonded", |_, _| {
		pallet_validators::Call::<Runtime>::withdraw {}.into()
	}),
	("set_keys", |who, _| set_keys(who)),
	("purge_keys", |_, _| {
		pallet_session::Call::<Runtime>::purge_keys {}.into()
	}),
	("validate", |_, _| {
		pallet_validators::Call::<Runtime>::validate {}.into()
	}),
	("chill", |_, _| {
		pallet_validators::Call::<Runtime>::chill {}.into()
	}),
	("rotate_key", |who, _| rotation(who)),
	("reap_record", |_, draw| {
		let oldest = pallet_capacity::Records::<Runtime>::iter_keys().next();
		let who = oldest.unwrap_or_else(|| account(draw.any()));
		pallet_capacity::Call::<Runtime>::reap_record { who }.into()
	}),
	("submit referendum", |_, draw| {
		let proposal = Bounded::Inline(enactment(draw).encode().try_into().unwrap());
		pallet_referenda::Call::<Runtime>::submit {
			proposal_origin: Box::new(Origin::Parameters.into()),
			proposal,
			enactment_moment: DispatchTime::After(draw.upto(3) as u32),
		}
		.into()
	}),
	("place_decision_deposit", |_, draw| {
		let index = recent_referendum(draw);
		pallet_referenda::Call::<Runtime>::place_decision_deposit { index }.into()
	}),
	("refund_decision_deposit", |_, draw| {
		let index = recent_referendum(draw);
		pallet_referenda::Call::<Runtime>::refund_decision_deposit { index }.into()
	}),
	("refund_submission_deposit", |_, draw| {
		let index = recent_referendum(draw);
		pallet_referenda::Call::<Runtime>::refund_submission_deposit { index }.into()
	}),
	("vote", |_, draw| vote(draw)),
	("remove_vote", |_, draw| {
		let (class, index) = (Some(PARAMETERS), recent_referendum(draw));
		pallet_conviction_voting::Call::<Runtime>::remove_vote { class, index }.into()
	}),
	("delegate votes", |_, draw| {
		pallet_conviction_voting::Call::<Runtime>::delegate {
			class: PARAMETERS,
			to: draw.actor(),
			conviction: Conviction::Locked1x,
			balance: draw.one(1_000_000),
		}
		.into()
	}),
	("undelegate votes", |_, _| {
		let class = PARAMETERS;
		pallet_conviction_voting::Call::<Runtime>::undelegate { class }.into()
	}),
	("unlock votes", |_, draw| {
		let (class, target) = (PARAMETERS, draw.actor());
		pallet_conviction_voting::Call::<Runtime>::unlock { class, target }.into()
	}),
	("note_preimage", |_, draw| {
		let bytes = enactment(draw).encode();
		pallet_preimage::Call::<Runtime>::note_preimage { bytes }.into()
	}),
	("unnote_preimage", |_, draw| {
		let hash = BlakeTwo256::hash_of(&enactment(draw));
		pallet_preimage::Call::<Runtime>::unnote_preimage { hash }.into()
	}),
	("payout of the treasury", |_, draw| {
		let index = recent_spend(draw);
		pallet_treasury::Call::<Runtime>::payout { index }.into()
	}),
	("check_status", |_, draw| {
		let index = recent_spend(draw);
		pallet_treasury::Call::<Runtime>::check_status { index }.into()
	}),
	("vested_transfer", |_, draw| {
		let locked = 100 * ONE + draw.one(1_000);
		let schedule = VestingInfo::new(locked, locked / 50, System::block_number());
		let target = draw.actor();
		pallet_vesting::Call::<Runtime>::vested_transfer { target, schedule }.into()
	}),
	("vest", |_, _| {
		pallet_vesting::Call::<Runtime>::vest {}.into()
	}),
	("vest_other", |_, draw| {
		let target = draw.actor();
		pallet_vesting::Call::<Runtime>::vest_other { target }.into()
	}),
	("as_multi", |who, draw| {
		let call = transfer(One, MILLI_ONE * Balance::from(draw.upto(1)));
		let joint = Joint::new(who, &call);
		pallet_multisig::Call::<Runtime>::as_multi {
			threshold: 2,
			other_signatories: joint.others,
			maybe_timepoint: joint.begun,
			call: Box::new(call),
			max_weight: MOST,
		}
		.into()
	}),
	("cancel_as_multi", |who, draw| {
		let call = transfer(One, MILLI_ONE * Balance::from(draw.upto(1)));
		let joint = Joint::new(who, &call);
		pallet_multisig::Call::<Runtime>::cancel_as_multi {
			threshold: 2,
			other_signatories: joint.others,
			timepoint: joint
				.begun
				.unwrap_or_else(pallet_multisig::Pallet::<Runtime>::timepoint),
			call_hash: joint.hash,
		}
		.into()
	}),
	("move to pause", |_, draw| {
		let pause: RuntimeCall = pallet_pauses::Call::<Runtime>::pause {
			subject: subject(draw),
		}
		.into();
		pallet_collective::Call::<Runtime, Instance1>::propose {
			threshold: 2,
			length_bound: pause.encoded_size() as u32,
			proposal: Box::new(pause),
		}
		.into()
	}),
	("vote of a guardian", |_, _| {
		let (proposal, index) = motion();
		let approve = true;
		pallet_collective::Call::<Runtime, Instance1>::vote {
			proposal,
			index,
			approve,
		}
		.into()
	}),
	("close the motion", |_, _| {
		let (proposal_hash, index) = motion();
		pallet_collective::Call::<Runtime, Instance1>::close {
			proposal_hash,
			index,
			proposal_weight_bound: MOST,
			length_bound: 1_000,
		}
		.into()
	}),
	("add_liquidity", |who, draw| {
		pallet_asset_conversion::Call::<Runtime>::add_liquidity {
			asset1: Box::new(AssetKind::Native),
			asset2: Box::new(AssetKind::WithId(USDC)),
			amount1_desired: draw.one(10_000),
			amount2_desired: draw.usdc(10_000),
			amount1_min: 0,
			amount2_min: 0,
			mint_to: account(who),
		}
		.into()
	}),
	("remove_liquidity", |who, draw| {
		pallet_asset_conversion::Call::<Runtime>::remove_liquidity {
			asset1: Box::new(AssetKind::Native),
			asset2: Box::new(AssetKind::WithId(USDC)),
			lp_token_burn: Balance::from(draw.upto(1_000_000_000)),
			amount1_min_receive: 0,
			amount2_min_receive: 0,
			withdraw_to: account(who),
		}
		.into()
	}),
	("approve_transfer", |_, draw| {
		pallet_assets::Call::<Runtime, Instance1>::approve_transfer {
			id: USDC.into(),
			delegate: draw.actor(),
			amount: draw.usdc(100),
		}
		.into()
	}),
	("transfer_approved", |who, draw| {
		let mut all = pallet_assets::Approvals::<Runtime, Instance1>::iter_keys();
		let own = all.find(|(_, _, delegate)| *delegate == account(who));
		pallet_assets::Call::<Runtime, Instance1>::transfer_approved {
			id: USDC.into(),
			owner: own.map_or_else(|| draw.actor(), |(_, owner, _)| Address::Id(owner)),
			destination: Address::Id(account(who)),
			amount: draw.usdc(10),
		}
		.into()
	}),
];

/// Registers session keys of `who`.
pub fn set_keys(who: Sr25519Keyring) -> RuntimeCall {
	let mut pairs = Ed25519Keyring::iter().zip(Sr25519Keyring::iter());
	let (ed, _) = pairs.find(|(_, sr)| *sr == who).unwrap();
	validators::set_keys(who, ed)
}

/// What a referendum of the sequences enacts.
fn enactment(draw: Draw) -> RuntimeCall {
	GOVERNED[GOVERNED.len() - 1 - draw.upto(2) as usize].1(Draw { a: 7, b: 7 })
}

fn recent_referendum(draw: Draw) -> u32 {
	let next = pallet_referenda::ReferendumCount::<Runtime>::get();
	next.saturating_sub(1 + draw.upto(2) as u32)
}

fn recent_spend(draw: Draw) -> u32 {
	let next = pallet_treasury::SpendCount::<Runtime>::get();
	next.saturating_sub(1 + draw.upto(2) as u32)
}

fn vote(draw: Draw) -> RuntimeCall {
	let (aye, conviction) = (!draw.b.is_multiple_of(4), Conviction::Locked1x);
	let vote = Vote { aye, conviction };
	let balance = draw.one(9_000_000);
	pallet_conviction_voting::Call::<Runtime>::vote {
		poll_index: recent_referendum(draw),
		vote: AccountVote::Standard { vote, balance },
	}
	.into()
}

/// What guardians may pause without ending everything else.
pub fn subject(draw: Draw) -> Subject {
	match draw.a % 3 {
		0 => Subject::Model(draw.model()),
		1 => Subject::Lane(Lane::Included),
		_ => Subject::Pallet(b"Capacity".to_vec().try_into().unwrap()),
	}
}

/// The last motion of the guardians, with its index.
fn motion() -> (H256, u32) {
	let motions = pallet_collective::Proposals::<Runtime, Instance1>::get();
	let hash = motions.last().copied().unwrap_or_default();
	// The index is the first field, and private.
	let votes = pallet_collective::Voting::<Runtime, Instance1>::get(hash).encode();
	(hash, u32::decode(&mut &votes[1..]).unwrap_or_default())
}

/// What `who` and the others of the group have begun to do together.
struct Joint {
	others: Vec<AccountId>,
	hash: [u8; 32],
	begun: Option<pallet_multisig::Timepoint<u32>>,
}

impl Joint {
	fn new(who: Sr25519Keyring, call: &RuntimeCall) -> Self {
		let mut all = GROUP.map(account);
		all.sort();
		let shared = pallet_multisig::Pallet::<Runtime>::multi_account_id(&all, 2);
		let hash = call.using_encoded(sp_io::hashing::blake2_256);
		let begun = pallet_multisig::Multisigs::<Runtime>::get(shared, hash);
		Self {
			others: all.into_iter().filter(|one| *one != account(who)).collect(),
			hash,
			begun: begun.map(|joint| joint.when),
		}
	}
}
