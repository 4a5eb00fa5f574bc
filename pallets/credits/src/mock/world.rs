//! Clock, stakes, treasury and earnings, kept in plain storage.

use frame_support::{parameter_types, storage_alias, Blake2_128Concat};
use one_primitives::{
	access::{self, Access, Lock, PayFromStake, Standing, Tier, TierId, LOCKS, TIERS},
	clock::{Clock, Day},
	settlement::{Earnings, PaidReceipt, Treasury},
	Moment, ProtocolTime, Usdc,
};
use polkadot_sdk::*;
use sp_runtime::{DispatchError, DispatchResult, Permill};

use super::{AccountId, Balance, GIGA};

pub const DAY: Moment = 86_400_000;

parameter_types! {
	pub storage Now: Moment = 0;
	pub Tiers: [Tier<Balance>; TIERS] = [tier(1), tier(10), tier(100)];
	pub Locks: [Lock; LOCKS] = [lock(0), lock(10), lock(25)];
}

fn tier(scale: u64) -> Tier<Balance> {
	Tier {
		threshold: 1_000 * scale,
		allowance: GIGA * scale,
		max_job: GIGA / 2 * scale,
		slots: 4,
	}
}

fn lock(percent: u32) -> Lock {
	Lock {
		length: u64::from(percent),
		bonus: Permill::from_percent(percent),
	}
}

/// A value, the day from which it counts, and the one before.
type Dated<V> = (V, Day, V);

#[storage_alias]
pub type CreditPot = StorageValue<Mock, Usdc, frame_support::pallet_prelude::ValueQuery>;
#[storage_alias]
pub type DayPots =
	StorageMap<Mock, Blake2_128Concat, Day, Usdc, frame_support::pallet_prelude::ValueQuery>;
#[storage_alias]
pub type Earned =
	StorageMap<Mock, Blake2_128Concat, AccountId, Usdc, frame_support::pallet_prelude::ValueQuery>;
#[storage_alias]
pub type Stakes = StorageMap<
	Mock,
	Blake2_128Concat,
	AccountId,
	Balance,
	frame_support::pallet_prelude::ValueQuery,
>;
#[storage_alias]
pub type Principals = StorageMap<Mock, Blake2_128Concat, AccountId, AccountId>;
#[storage_alias]
type Standings = StorageMap<
	Mock,
	Blake2_128Concat,
	AccountId,
	Dated<Option<Standing>>,
	frame_support::pallet_prelude::ValueQuery,
>;
#[storage_alias]
type Population =
	StorageValue<Mock, Dated<access::Population>, frame_support::pallet_prelude::ValueQuery>;

fn at<V>((now, since, before): Dated<V>, day: Day) -> V {
	if day >= since {
		now
	} else {
		before
	}
}

fn set<V: Clone>(dated: &mut Dated<V>, value: V) {
	let tomorrow = World::day() + 1;
	if dated.1 < tomorrow {
		dated.2 = dated.0.clone();
	}
	dated.0 = value;
	dated.1 = tomorrow;
}

/// What the tests turn.
pub struct World;

impl World {
	/// Gives `who` a tier from tomorrow on, and a stake to go with it.
	pub fn enter(who: AccountId, tier: Option<TierId>) {
		Self::stand(who, tier.map(|tier| Standing { tier, lock: 0 }));
		let stake = tier.map_or(0, |tier| Tiers::get()[usize::from(tier)].threshold);
		Stakes::insert(who, stake);
	}

	/// Gives `who` a standing from tomorrow on.
	pub fn stand(who: AccountId, standing: Option<Standing>) {
		let old = Standings::get(who).0;
		Standings::mutate(who, |dated| set(dated, standing));
		let mut counts = Population::get().0;
		if let Some(Standing { tier, lock }) = old {
			counts[usize::from(tier)][usize::from(lock)] -= 1;
		}
		if let Some(Standing { tier, lock }) = standing {
			counts[usize::from(tier)][usize::from(lock)] += 1;
		}
		Population::mutate(|population| set(population, counts));
	}
}

impl Clock for World {
	fn utc() -> Moment {
		Now::get()
	}
	fn protocol() -> ProtocolTime {
		Now::get()
	}
	fn day() -> Day {
		Day::try_from(Now::get() / DAY).unwrap()
	}
	fn day_start(day: Day) -> Moment {
		Moment::from(day) * DAY
	}
	fn window() -> u32 {
		0
	}
	fn window_start(_: u32) -> Moment {
		0
	}
}

impl Access<AccountId, Balance> for World {
	fn standing(who: &AccountId, day: Day) -> Option<Standing> {
		at(Standings::get(who), day)
	}
	fn staked(who: &AccountId) -> Balance {
		Stakes::get(who)
	}
	fn population(day: Day) -> access::Population {
		at(Population::get(), day)
	}
	fn tiers() -> [Tier<Balance>; TIERS] {
		Tiers::get()
	}
	fn locks() -> [Lock; LOCKS] {
		Locks::get()
	}
	fn counts_from(who: &AccountId) -> Option<Day> {
		let (now, since, _) = Standings::get(who);
		(now.is_some() && since > Self::day()).then_some(since)
	}
	fn holder(who: &AccountId) -> AccountId {
		Principals::get(who).unwrap_or(*who)
	}
}

impl PayFromStake<AccountId, Balance> for World {
	fn can_pay(who: &AccountId, fee: Balance) -> bool {
		Stakes::get(who) >= fee
	}
	fn pay(who: &AccountId, fee: Balance) -> Result<(), DispatchError> {
		Stakes::try_mutate(who, |stake| {
			*stake = stake.checked_sub(fee).ok_or("the stake is too small")?;
			Ok(())
		})
	}
}

fn take(day: Day, amount: Usdc) -> DispatchResult {
	DayPots::try_mutate_exists(day, |pot| {
		let left = pot
			.unwrap_or_default()
			.checked_sub(amount)
			.ok_or("the day's pot is too small")?;
		*pot = (left > 0).then_some(left);
		Ok(())
	})
}

impl Treasury for World {
	fn credit_pot() -> Usdc {
		CreditPot::get()
	}
	fn earmark(day: Day, amount: Usdc) -> DispatchResult {
		let left = CreditPot::get()
			.checked_sub(amount)
			.ok_or("the credit pot is too small")?;
		CreditPot::put(left);
		if amount > 0 {
			DayPots::mutate(day, |pot| *pot += amount);
		}
		Ok(())
	}
	fn release(day: Day, amount: Usdc) -> DispatchResult {
		take(day, amount)?;
		CreditPot::mutate(|pot| *pot += amount);
		Ok(())
	}
}

impl Earnings<AccountId> for World {
	fn accrue(day: Day, worker: &AccountId, amount: Usdc) -> DispatchResult {
		take(day, amount)?;
		Earned::mutate(worker, |earned| *earned += amount);
		Ok(())
	}
	fn mature(_: &AccountId, _: PaidReceipt) -> DispatchResult {
		Ok(())
	}
}
