//! What holders, sponsors and workers send.

use super::*;
use one_primitives::jobs::Market as _;
use one_runtime::Jobs;

pub const CALLS: &[Named] = &[
	("stake", |_, draw| {
		let amount = draw.one(120_000);
		pallet_access::Call::<Runtime>::stake { amount }.into()
	}),
	("unstake", |_, draw| {
		let amount = draw.one(20_000);
		pallet_access::Call::<Runtime>::unstake { amount }.into()
	}),
	("exit", |_, _| {
		pallet_access::Call::<Runtime>::exit {}.into()
	}),
	("withdraw", |_, _| {
		pallet_access::Call::<Runtime>::withdraw {}.into()
	}),
	("lock", |_, draw| {
		let lock = draw.upto(3) as u8;
		pallet_access::Call::<Runtime>::lock { lock }.into()
	}),
	("retier", |_, draw| {
		let who = account(draw.any());
		pallet_access::Call::<Runtime>::retier { who }.into()
	}),
	("submit_job", |_, draw| job(draw, LaneChoice::Included)),
	("submit_job dedicated", |_, draw| {
		job(draw, LaneChoice::Dedicated)
	}),
	("submit_job included first", |_, draw| {
		job(draw, LaneChoice::IncludedFirst)
	}),
	("buy", |_, draw| {
		let (cu, max_cost) = (draw.upto(4_000_000_000), Usdc::MAX);
		pallet_capacity::Call::<Runtime>::buy { cu, max_cost }.into()
	}),
	("refund", |_, draw| {
		let (class, cu) = ((draw.b % 4) as u32, draw.upto(1_000_000_000));
		pallet_capacity::Call::<Runtime>::refund { class, cu }.into()
	}),
	("allow", |_, draw| {
		let (account, cap) = (account(draw.any()), draw.upto(500_000_000));
		pallet_capacity::Call::<Runtime>::allow { account, cap }.into()
	}),
	("disallow", |_, draw| {
		let account = account(draw.any());
		pallet_capacity::Call::<Runtime>::disallow { account }.into()
	}),
	("reserve_throughput", |_, draw| {
		pallet_capacity::Call::<Runtime>::reserve_throughput {
			model: draw.model(),
			cu_per_minute: draw.upto(2_000),
			// Minutes, or half a day, in which it can be released.
			period: 50_000 + draw.b % [600_000, 40_000_000][draw.a as usize % 2],
			max_standby: u64::MAX,
		}
		.into()
	}),
	("release_throughput", |who, draw| {
		let mut bookings = pallet_capacity::Bookings::<Runtime>::iter();
		let own = bookings.find(|(_, booking)| booking.sponsor == account(who));
		let booking = own.map_or(draw.a as u32, |(id, _)| id);
		pallet_capacity::Call::<Runtime>::release_throughput { booking }.into()
	}),
	("choose_sponsor", |_, draw| {
		let sponsor = (draw.a % 3 > 0).then(|| account(draw.any()));
		pallet_capacity::Call::<Runtime>::choose_sponsor { sponsor }.into()
	}),
	("transfer vouchers", |_, draw| {
		let amount = Balance::from(draw.upto(1_000_000_000));
		let to = account(draw.any());
		transfer_asset(VOUCHERS + (draw.a % 2) as u32, to, amount)
	}),
	("cancel_job", |_, draw| {
		let job = recent_job(draw);
		pallet_jobs::Call::<Runtime>::cancel_job { job }.into()
	}),
	("register", |who, draw| {
		registration(
			who,
			MODELS[..=draw.upto(2) as usize].to_vec(),
			1 + (draw.b % 4) as u8,
		)
	}),
	("update", |_, draw| {
		let offer = offer(
			MODELS[..=draw.upto(2) as usize].to_vec(),
			1 + (draw.b % 8) as u8,
		);
		pallet_workers::Call::<Runtime>::update { offer }.into()
	}),
	("drain", |_, _| {
		pallet_workers::Call::<Runtime>::drain {}.into()
	}),
	("leave", |_, _| {
		pallet_workers::Call::<Runtime>::leave {}.into()
	}),
	("withdraw bond", |_, _| {
		pallet_workers::Call::<Runtime>::withdraw {}.into()
	}),
	("start_maintenance", |_, draw| {
		let length = draw.upto(70_000);
		pallet_workers::Call::<Runtime>::start_maintenance { length }.into()
	}),
	("resume", |_, _| {
		pallet_workers::Call::<Runtime>::resume {}.into()
	}),
	("exclude", |who, draw| {
		let is_failed = |job: &JobId| Jobs::failed_by(&account(who), *job).is_some();
		let failed = pallet_jobs::Jobs::<Runtime>::iter_keys().find(is_failed);
		let job = failed.unwrap_or_else(|| recent_job(draw));
		pallet_workers::Call::<Runtime>::exclude { job }.into()
	}),
	("delegate", |who, draw| delegation(who, draw.any())),
	("undelegate", |_, _| {
		pallet_access::Call::<Runtime>::undelegate {}.into()
	}),
	("transfer", |_, draw| {
		let (dest, value) = (draw.actor(), draw.one(100_000));
		pallet_balances::Call::<Runtime>::transfer_allow_death { dest, value }.into()
	}),
	("transfer usdc", |_, draw| {
		transfer_asset(USDC, account(draw.any()), draw.usdc(1_000))
	}),
	("sell one", |who, draw| {
		swap(
			who,
			[AssetKind::Native, AssetKind::WithId(USDC)],
			draw.one(100_000),
		)
	}),
	("buy one", |who, draw| {
		swap(
			who,
			[AssetKind::WithId(USDC), AssetKind::Native],
			draw.usdc(20_000),
		)
	}),
	("batch", |who, draw| {
		let other = |by| {
			let draw = Draw {
				a: draw.b.rotate_left(by),
				b: draw.a.rotate_left(by),
			};
			CALLS[(draw.a % 6 + draw.b % 10) as usize].1(who, draw)
		};
		pallet_utility::Call::<Runtime>::force_batch {
			calls: vec![other(7), other(31)],
		}
		.into()
	}),
	("propose model", |_, draw| {
		let (model, record) = (draw.model(), record(draw));
		pallet_models::Call::<Runtime>::propose { model, record }.into()
	}),
	("withdraw_proposal", |_, draw| {
		let model = proposal(draw);
		pallet_models::Call::<Runtime>::withdraw_proposal { model }.into()
	}),
	("add_proxy", |_, draw| {
		pallet_proxy::Call::<Runtime>::add_proxy {
			delegate: draw.actor(),
			proxy_type: ProxyType::NonTransfer,
			delay: 0,
		}
		.into()
	}),
	("proxy", |who, draw| {
		let call = Box::new(CALLS[draw.upto(14) as usize].1(who, draw));
		pallet_proxy::Call::<Runtime>::proxy {
			real: draw.actor(),
			force_proxy_type: None,
			call,
		}
		.into()
	}),
];

/// A model that is tried on half of its slots before it is active, or not at all.
pub fn record(draw: Draw) -> ModelRecord {
	let canary = Permill::from_percent((draw.a % 2) as u32 * 50);
	ModelRecord { canary, ..model() }
}

/// The oldest proposal, or a model that may be one.
pub fn proposal(draw: Draw) -> ModelId {
	let proposals = pallet_models::Proposals::<Runtime>::get();
	proposals.first().copied().unwrap_or_else(|| draw.model())
}

fn recent_job(draw: Draw) -> JobId {
	let next = pallet_jobs::NextJob::<Runtime>::get();
	next.saturating_sub(1 + draw.upto(8))
}

fn job(draw: Draw, lane: LaneChoice) -> RuntimeCall {
	pallet_jobs::Call::<Runtime>::submit_job {
		slot: draw.upto(4) as u8,
		model: draw.model(),
		lane,
		max_output: 1 + (draw.b % 200) as u32,
		prompt: vec![b'x'; (draw.b % 100) as usize],
	}
	.into()
}

fn swap(who: Sr25519Keyring, path: [AssetKind; 2], amount_in: Balance) -> RuntimeCall {
	pallet_asset_conversion::Call::<Runtime>::swap_exact_tokens_for_tokens {
		path: path.map(Box::new).to_vec(),
		amount_in,
		amount_out_min: 1,
		send_to: account(who),
		keep_alive: true,
	}
	.into()
}
