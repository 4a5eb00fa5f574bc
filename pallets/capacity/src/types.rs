//! What the pallet stores and answers.

use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use one_primitives::{
	capacity::{BookingId, ClassId},
	models::ModelId,
	Cu, ProtocolTime, Usdc,
};
use polkadot_sdk::*;
use scale_info::TypeInfo;
use sp_runtime::Permill;

/// Classes that pay for jobs at once.
pub const MAX_CLASSES: u32 = 16;

/// Classes that one job draws on at the most.
pub const MAX_LOTS: u32 = 2;

/// Slots bound to one booking at the most.
pub const MAX_BOUND: u32 = 16;

/// Protocol time for which throughput is reserved at the least, and that it lasts after it was
/// released: a minute, so that nobody holds slots for nothing.
pub const MIN_PERIOD: ProtocolTime = 60_000;

/// Bookings at once.
pub const MAX_BOOKINGS: u32 = 64;

/// The posted price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct PriceRecord {
	/// Micro-USDC per 10^9 CU.
	pub price: Usdc,
	/// Protocol time from which it stands.
	pub since: ProtocolTime,
}

/// What an account may take of a sponsor's vouchers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Allowance {
	/// CU that it may spend; zero when it was taken back and jobs are open still.
	pub cap: Cu,
	/// CU that its jobs cost since the cap was set.
	pub spent: Cu,
	/// CU set aside for its open jobs.
	pub reserved: Cu,
}

impl Allowance {
	/// CU that another job may set aside.
	pub fn left(&self) -> Cu {
		self.cap
			.saturating_sub(self.spent)
			.saturating_sub(self.reserved)
	}

	/// Whether nothing of it is left to keep.
	pub(crate) fn is_over(&self) -> bool {
		self.cap == 0 && self.reserved == 0
	}
}

/// How the jobs ended that a sponsor paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct SponsorRecord {
	/// Decaying share of them that were served.
	pub reputation: Permill,
	/// Protocol time until which it counts, if no job ends before.
	pub until: ProtocolTime,
}

/// Some vouchers of one class.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Lot {
	/// The class.
	pub class: ClassId,
	/// How many.
	pub cu: Cu,
}

/// What one job draws on.
pub type Lots = BoundedVec<Lot, ConstU32<MAX_LOTS>>;

/// What was set aside for one job.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Reservation<AccountId> {
	/// Whose vouchers they are: the submitter, or its sponsor.
	pub payer: AccountId,
	/// The vouchers, oldest class first.
	pub lots: Lots,
	/// The booking of throughput that the job is under.
	pub booking: Option<BookingId>,
}

impl<AccountId> Reservation<AccountId> {
	/// CU of all lots.
	pub fn cu(&self) -> Cu {
		sum(&self.lots)
	}
}

/// CU of all `lots`.
pub(crate) fn sum(lots: &[Lot]) -> Cu {
	lots.iter().fold(0, |sum, lot| sum.saturating_add(lot.cu))
}

/// A worker's slot that is bound to a booking.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct BoundSlot<AccountId> {
	/// The worker.
	pub worker: AccountId,
	/// CU that it has proven to serve in a minute.
	pub rate: Cu,
	/// Whether it has a job.
	pub busy: bool,
	/// Protocol time from which it is idle, if it is.
	pub since: ProtocolTime,
	/// Protocol time that it was idle before.
	pub idle: ProtocolTime,
}

impl<AccountId> BoundSlot<AccountId> {
	/// Takes or returns it at `now`; time after `ends` does not count.
	pub(crate) fn turn(&mut self, busy: bool, now: ProtocolTime, ends: ProtocolTime) {
		self.idle = self.idle_until(now.min(ends));
		(self.busy, self.since) = (busy, now);
	}

	/// Protocol time that it was idle until `now`.
	pub(crate) fn idle_until(&self, now: ProtocolTime) -> ProtocolTime {
		match self.busy {
			true => self.idle,
			false => self.idle.saturating_add(now.saturating_sub(self.since)),
		}
	}
}

/// Throughput that a sponsor has reserved.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Booking<AccountId> {
	/// The sponsor.
	pub sponsor: AccountId,
	/// The model.
	pub model: ModelId,
	/// CU in a minute that are reserved.
	pub cu_per_minute: Cu,
	/// Protocol time at which it ends, once its last job is done.
	pub ends: ProtocolTime,
	/// Share of its rate that an idle slot is paid.
	pub standby: Permill,
	/// Vouchers set aside for idle slots.
	pub lots: Lots,
	/// Slots that it has, or will have when some are free.
	pub wanted: u32,
	/// The slots bound to it.
	pub slots: BoundedVec<BoundSlot<AccountId>, ConstU32<MAX_BOUND>>,
	/// Jobs under it that are not done.
	pub open: u32,
}

impl<AccountId> Booking<AccountId> {
	/// Whether nothing is left to do for it but to pay.
	pub(crate) fn is_done(&self) -> bool {
		self.open == 0 && self.slots.iter().all(|slot| !slot.busy)
	}

	/// Whether another job would not wait behind more than one other for a slot.
	pub(crate) fn has_room(&self) -> bool {
		self.open < self.wanted.saturating_mul(2)
	}
}

/// What reserving throughput takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ThroughputQuote {
	/// Slots that are bound, the spare ones included.
	pub slots: u32,
	/// CU that are set aside; what the slots are not idle comes back.
	pub standby: Cu,
}

/// At what price vouchers are sold, and how many are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PriceStatus {
	/// Micro-USDC per 10^9 CU.
	pub price: Usdc,
	/// What governance set, towards which the price goes.
	pub governed: Usdc,
	/// Protocol time from which it may change.
	pub steps_from: ProtocolTime,
	/// What a newcomer pays on top.
	pub premium: Permill,
	/// What a sponsor pays on top all of whose jobs were served.
	pub least_premium: Permill,
	/// CU that are for sale.
	pub for_sale: Cu,
}

/// What a purchase costs, in micro-USDC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Purchase {
	/// At the posted price, rounded up.
	pub worth: Usdc,
	/// On top of it.
	pub premium: Usdc,
	/// In all.
	pub cost: Usdc,
}

/// A class that pays for jobs.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ClassStatus<AccountId> {
	/// The class.
	pub class: ClassId,
	/// Its vouchers.
	pub asset: u32,
	/// Micro-USDC per 10^9 CU.
	pub price: Usdc,
	/// CU in all hands, those of open jobs included.
	pub outstanding: u128,
	/// CU set aside for open jobs.
	pub reserved: u128,
	/// The account that holds what they are worth.
	pub escrow: AccountId,
	/// Micro-USDC in it, without the asset's minimum balance.
	pub held: Usdc,
}

/// On whom an account draws first, and how much.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Sponsorship<AccountId> {
	/// The sponsor.
	pub sponsor: AccountId,
	/// What it allowed.
	pub allowance: Allowance,
	/// CU that one job could set aside of its vouchers.
	pub available: Cu,
}

/// What an account may spend on the Dedicated lane.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Spendable<AccountId> {
	/// CU that one job could set aside, of its own vouchers or of its sponsor's.
	pub available: Cu,
	/// Its own vouchers that pay for jobs, oldest class first.
	pub own: Vec<Lot>,
	/// Its sponsor.
	pub sponsor: Option<Sponsorship<AccountId>>,
}
