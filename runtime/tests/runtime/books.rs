//! Balances as the events of a block tell them, beside those of the state.

use one_runtime::{AccountId, Assets, Balance, Hash, Runtime, RuntimeEvent};
use pallet_assets::{Event as AssetEvent, Instance1};
use pallet_balances::Event as OneEvent;
use polkadot_sdk::{
	frame_support::storage::{storage_prefix, unhashed},
	frame_system::EventRecord,
	*,
};
use std::{cell::RefCell, collections::BTreeMap};

type OneEvents = OneEvent<Runtime>;
type AssetEvents = AssetEvent<Runtime, Instance1>;
/// `None` is ONE.
type Asset = Option<u32>;

/// Everybody's ONE, held or free, and assets. Nothing is left out but zeros.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Books(BTreeMap<(AccountId, Asset), i128>);

thread_local! {
	/// As they were when the block of this thread began.
	static BEFORE: RefCell<Option<Books>> = const { RefCell::new(None) };
}

/// Remembers the balances before a block.
pub fn open() {
	BEFORE.set(Some(Books::of_state()));
}

/// Checks that the events of the block tell all that became of the balances.
pub fn close() {
	let Some(mut books) = BEFORE.take() else {
		return;
	};
	for record in events() {
		books.book(record.event);
	}
	assert_eq!(books, Books::of_state(), "the events tell other balances");
}

/// The events of this block. `System::events` copies all of them for each that it decodes.
fn events() -> Vec<EventRecord<RuntimeEvent, Hash>> {
	unhashed::get(&storage_prefix(b"System", b"Events")).unwrap_or_default()
}

impl Books {
	fn of_state() -> Self {
		let accounts = frame_system::Account::<Runtime>::iter();
		let one = accounts.map(|(who, it)| ((who, None), it.data.free + it.data.reserved));
		let assets = pallet_assets::Account::<Runtime, Instance1>::iter();
		let assets = assets.map(|(id, who, _)| {
			let balance = Assets::balance(id, &who);
			((who, Some(id)), balance)
		});
		let all = one.chain(assets);
		let held = all.filter(|(_, balance)| *balance > 0);
		Self(
			held.map(|(key, balance)| (key, balance.try_into().unwrap()))
				.collect(),
		)
	}

	fn book(&mut self, event: RuntimeEvent) {
		match event {
			RuntimeEvent::Balances(event) => self.book_one(event),
			RuntimeEvent::Assets(event) => self.book_asset(event),
			_ => (),
		}
	}

	fn book_one(&mut self, event: OneEvents) {
		let (from, to, amount) = match event {
			OneEvent::Deposit { who, amount }
			| OneEvent::Minted { who, amount }
			| OneEvent::Restored { who, amount } => (None, Some(who), amount),
			OneEvent::Withdraw { who, amount }
			| OneEvent::Burned { who, amount }
			| OneEvent::BurnedHeld { who, amount, .. }
			| OneEvent::Slashed { who, amount }
			| OneEvent::DustLost {
				account: who,
				amount,
			}
			| OneEvent::Suspended { who, amount } => (Some(who), None, amount),
			OneEvent::Transfer { from, to, amount }
			| OneEvent::ReserveRepatriated {
				from, to, amount, ..
			}
			| OneEvent::TransferOnHold {
				source: from,
				dest: to,
				amount,
				..
			}
			| OneEvent::TransferAndHold {
				source: from,
				dest: to,
				transferred: amount,
				..
			} => (Some(from), Some(to), amount),
			_ => return,
		};
		self.book_move(from, to, None, amount);
	}

	fn book_asset(&mut self, event: AssetEvents) {
		let (asset, from, to, amount) = match event {
			AssetEvent::Issued {
				asset_id,
				owner: who,
				amount,
			}
			| AssetEvent::Deposited {
				asset_id,
				who,
				amount,
			} => (asset_id, None, Some(who), amount),
			AssetEvent::Burned {
				asset_id,
				owner: who,
				balance: amount,
			}
			| AssetEvent::Withdrawn {
				asset_id,
				who,
				amount,
			} => (asset_id, Some(who), None, amount),
			AssetEvent::Transferred {
				asset_id,
				from,
				to,
				amount,
			}
			| AssetEvent::TransferredApproved {
				asset_id,
				owner: from,
				destination: to,
				amount,
				..
			} => (asset_id, Some(from), Some(to), amount),
			_ => return,
		};
		self.book_move(from, to, Some(asset), amount);
	}

	/// Moves `amount` of `asset`; who is nobody has issued or burned it.
	fn book_move(
		&mut self,
		from: Option<AccountId>,
		to: Option<AccountId>,
		asset: Asset,
		amount: Balance,
	) {
		let amount = i128::try_from(amount).unwrap();
		for (who, change) in [(from, -amount), (to, amount)] {
			let Some(who) = who else { continue };
			let balance = self.0.remove(&(who.clone(), asset)).unwrap_or_default() + change;
			if balance != 0 {
				self.0.insert((who, asset), balance);
			}
		}
	}
}
