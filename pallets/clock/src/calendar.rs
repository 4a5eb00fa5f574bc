//! Numbered periods of UTC.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use one_primitives::Moment;
use scale_info::TypeInfo;

/// Numbers periods of equal length; a period's number never falls, also when the length changes.
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
pub struct Calendar {
	/// Number of the period that starts at `start`.
	pub index: u32,
	/// UTC at which it starts, a multiple of `length`.
	pub start: Moment,
	/// Milliseconds of a period, at least 1.
	pub length: Moment,
}

impl Calendar {
	/// Periods of `length`, counted from the Unix epoch.
	pub fn new(length: Moment) -> Self {
		Self {
			index: 0,
			start: 0,
			length: length.max(1),
		}
	}

	/// Number of the period of `utc`.
	pub fn at(&self, utc: Moment) -> u32 {
		let periods = utc.saturating_sub(self.start) / self.length;
		self.index
			.saturating_add(u32::try_from(periods).unwrap_or(u32::MAX))
	}

	/// UTC at which period `index` starts.
	pub fn start_of(&self, index: u32) -> Moment {
		if index >= self.index {
			let ahead = Moment::from(index - self.index).saturating_mul(self.length);
			self.start.saturating_add(ahead)
		} else {
			let behind = Moment::from(self.index - index).saturating_mul(self.length);
			self.start.saturating_sub(behind)
		}
	}

	/// The calendar that goes on with periods of `length` from the period of `utc`. The new periods
	/// start at multiples of `length`, so that 24 h always means midnight.
	pub fn with_length(&self, length: Moment, utc: Moment) -> Self {
		let length = length.max(1);
		let index = self.at(utc);
		let start = self.start_of(index) / length * length;
		Self {
			index,
			start,
			length,
		}
	}
}
