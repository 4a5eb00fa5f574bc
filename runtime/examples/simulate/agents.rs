//! Who does what: holders, sponsors, traders, and the crowd that pays fees.
//!
//! A few accounts with large stakes, jobs and slots stand for many with small ones.

use crate::{chain, world::Actor};
use codec::Encode;
use one_primitives::{
	access::LockId,
	jobs::{LaneChoice, MAX_SLOTS},
	models::{ModelId, Models as _},
	Cu, Usdc,
};
use one_runtime::{
	configs::{assets::AssetKind, parameters::bounded},
	constants::currency::{MILLI_ONE, ONE, USDC},
	AccountId, Address, AssetConversion, Balance, Capacity, Credits, Models, Runtime, RuntimeCall,
	Settlement, TransactionPayment,
};
use pallet_models::{shape::Shape, types::ModelRecord};
use polkadot_sdk::{
	frame_support::{traits::Get, BoundedVec},
	sp_core::H256,
	*,
};

/// The model that all jobs ask for.
pub const MODEL: ModelId = H256::repeat_byte(7);
/// 10^9 CU, what prices are quoted for.
pub const GCU: Cu = 1_000_000_000;
pub const ARITHMETIC: u32 = 1;
const PROMPT: &[u8] = b"a day's prompts";
/// Days of use for which a sponsor buys vouchers at once.
const STOCK: Cu = 7;

/// A model so large that one job of it can cost all credits of a day.
pub fn model() -> ModelRecord {
	ModelRecord {
		name: BoundedVec::truncate_from(b"large".to_vec()),
		tokenizer: H256::zero(),
		template: H256::zero(),
		calibration: H256::zero(),
		arithmetic: ARITHMETIC,
		shape: Shape {
			layers: 640,
			hidden: 8_192,
			ffn: 28_672,
			heads: 64,
			kv_heads: 8,
			head_dim: 128,
			vocab: 131_072,
			context: 131_072,
		},
		template_tokens: 16,
		min_vram: 64,
		min_tier: 0,
		canary: Default::default(),
		retires_at: None,
	}
}

/// `who` asks for as much as `cu` pay for, if that is worth a job.
fn ask(who: &Actor, lane: LaneChoice, cu: Cu) -> Result<(), String> {
	job(&who.account, lane, cu).map_or(Ok(()), |call| who.send(call))
}

fn job(who: &AccountId, lane: LaneChoice, cu: Cu) -> Option<RuntimeCall> {
	let cu = Some(cu).filter(|cu| *cu >= bounded::JobFloor::get())?;
	let max_output = output_for(cu).filter(|tokens| *tokens > 0)?;
	let is_free = |slot: &u8| !pallet_jobs::Slots::<Runtime>::contains_key(who, slot);
	let call = pallet_jobs::Call::<Runtime>::submit_job {
		slot: (0..MAX_SLOTS).find(is_free)?,
		model: MODEL,
		lane,
		max_output,
		prompt: PROMPT.to_vec(),
	};
	Some(call.into())
}

/// The most new tokens that `cu` pay for.
fn output_for(cu: Cu) -> Option<u32> {
	let terms = Models::terms(&MODEL)?;
	let bytes = u32::try_from(PROMPT.len()).ok()?;
	let input = bytes + terms.template_tokens;
	let payload = bounded::CuPerByte::get() * Cu::from(bytes);
	let cost = |output| terms.cost.cu(input, output, bounded::InputRatio::get()) + payload;
	let (mut low, mut high) = (0, terms.context - input);
	while low < high {
		let middle = (low + high).div_ceil(2);
		if cost(middle) <= cu {
			low = middle;
		} else {
			high = middle - 1;
		}
	}
	Some(low)
}

/// Stakes, and spends credits.
pub struct Holder {
	pub actor: Actor,
	pub stake: Balance,
	pub lock: Option<LockId>,
}

impl Holder {
	/// Six of nine have the highest tier, one the lowest.
	pub fn new(index: usize) -> Self {
		let stake = match index % 9 {
			0..6 => 100_000 * ONE,
			6 | 7 => 10_000 * ONE,
			_ => 1_000 * ONE,
		};
		Self::with_stake(format!("holder {index}"), stake)
	}

	pub fn with_stake(name: String, stake: Balance) -> Self {
		Self {
			actor: Actor::new(&name),
			stake,
			lock: None,
		}
	}

	/// Stakes what it has set aside, and binds it if it means to.
	pub fn join(&self) -> Result<(), String> {
		let amount = self.stake;
		self.actor
			.send(pallet_access::Call::<Runtime>::stake { amount })?;
		self.lock.map_or(Ok(()), |lock| {
			self.actor
				.send(pallet_access::Call::<Runtime>::lock { lock })
		})
	}

	/// Unstakes everything.
	pub fn exit(&self) -> Result<(), String> {
		self.actor.send(pallet_access::Call::<Runtime>::exit {})
	}

	/// Submits one job for a part of the day's credits.
	pub fn spend(&self, part: f64) -> Result<(), String> {
		let credits = Credits::credits(&self.actor.account);
		let available = credits
			.available
			.saturating_sub(bounded::AdmissionCharge::get());
		let cu = scale(available.into(), part) as Cu;
		ask(&self.actor, LaneChoice::Included, cu.min(credits.max_job))
	}
}

/// Buys vouchers, and spends them on the Dedicated lane.
pub struct Sponsor {
	pub actor: Actor,
}

impl Sponsor {
	/// Submits a job for `cu`, for which it buys vouchers by the week.
	pub fn spend(&self, cu: Cu) -> Result<(), String> {
		// A job costs up to half as much again while others wait.
		if Capacity::spendable(&self.actor.account).available < 2 * cu {
			self.buy(4 * STOCK * cu)?;
		}
		ask(&self.actor, LaneChoice::Dedicated, cu)
	}

	fn buy(&self, cu: Cu) -> Result<(), String> {
		let max_cost = Usdc::MAX;
		self.actor
			.send(pallet_capacity::Call::<Runtime>::buy { cu, max_cost })
	}

	/// Takes back what its vouchers are worth.
	pub fn refund(&self) -> Result<(), String> {
		let own = Capacity::spendable(&self.actor.account).own;
		own.into_iter().try_for_each(|lot| {
			let (class, cu) = (lot.class, lot.cu);
			self.actor
				.send(pallet_capacity::Call::<Runtime>::refund { class, cu })
		})
	}
}

/// Moves the price of the pool.
pub struct Trader {
	pub actor: Actor,
}

impl Trader {
	/// Trades until a ONE is worth `price` USDC in the pool, if it is not nearly so.
	pub fn trade_to(&self, price: f64) -> Result<(), String> {
		let Some((one, usdc)) = reserves() else {
			return Ok(());
		};
		let step = (price / spot(one, usdc)).sqrt();
		if (step - 1.0).abs() < 0.002 {
			return Ok(());
		}
		let (native, dollar) = (AssetKind::Native, AssetKind::WithId(USDC));
		if step < 1.0 {
			self.swap([native, dollar], scale(one, 1.0 / step - 1.0))
		} else {
			self.swap([dollar, native], scale(usdc, step - 1.0))
		}
	}

	fn swap(&self, path: [AssetKind; 2], amount_in: Balance) -> Result<(), String> {
		let call = pallet_asset_conversion::Call::<Runtime>::swap_exact_tokens_for_tokens {
			path: path.map(Box::new).to_vec(),
			amount_in,
			amount_out_min: 1,
			send_to: self.actor.account.clone(),
			keep_alive: true,
		};
		self.actor.send(call)
	}
}

/// ONE and USDC in the pool.
pub fn reserves() -> Option<(Balance, Usdc)> {
	AssetConversion::get_reserves(AssetKind::Native, AssetKind::WithId(USDC)).ok()
}

/// USDC for a ONE.
pub fn spot(one: Balance, usdc: Usdc) -> f64 {
	usdc as f64 / one as f64 * (ONE / 1_000_000) as f64
}

/// Everybody who uses the chain for something else.
pub struct Crowd {
	pub actor: Actor,
}

impl Crowd {
	/// Pays into the fee pot what so many transfers would: its part of their fees. Returns their
	/// fees.
	pub fn pay(&self, transfers: f64) -> Result<Balance, String> {
		let fees = scale(self.fee(), transfers);
		let part = bounded::FeeShare::get().mul_ceil(fees);
		if part >= MILLI_ONE {
			self.actor.send(transfer(Settlement::fee_account(), part))?;
		}
		Ok(fees)
	}

	/// ONE for a transfer now.
	pub fn fee(&self) -> Balance {
		let extrinsic = self.actor.sign(transfer(Settlement::fee_account(), ONE));
		let length = u32::try_from(extrinsic.encoded_size()).unwrap_or(u32::MAX);
		TransactionPayment::query_info(extrinsic, length).partial_fee
	}
}

fn transfer(to: AccountId, value: Balance) -> RuntimeCall {
	let dest = Address::Id(to);
	pallet_balances::Call::<Runtime>::transfer_keep_alive { dest, value }.into()
}

/// USDC given to the protocol, which books it as a transfer.
pub fn grant(from: &Actor, amount: Usdc) -> Result<(), String> {
	let target = Address::Id(Settlement::usdc_account());
	let id = USDC.into();
	from.send(
		pallet_assets::Call::<Runtime, pallet_assets::Instance1>::transfer { id, target, amount },
	)
}

/// A part of an amount; rounded, which is good enough for what an agent intends.
pub fn scale(amount: Balance, part: f64) -> Balance {
	(amount as f64 * part) as Balance
}

/// Milliseconds since the Unix epoch.
pub fn now() -> u64 {
	chain::now()
}
