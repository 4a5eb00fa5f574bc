//! The hook's end of the mailbox, in the node's persistent off-chain storage.

extern crate alloc;

use alloc::vec::Vec;

use codec::Decode;
use one_mailbox::{
	completion_key, order_key, Completion, Index, Order, OrderId, Service, INDEX, LOCK, MAX_ORDERS,
	SERVICE, VERSION,
};
use polkadot_sdk::{
	sp_core::offchain::{Duration, StorageKind::PERSISTENT},
	sp_io,
	sp_runtime::offchain::{
		storage::StorageValueRef,
		storage_lock::{StorageLock, Time},
	},
};

use crate::LOG_TARGET;

/// How long a hook that was killed keeps the others out.
const LOCK_TIMEOUT: Duration = Duration::from_millis(5_000);

/// What the native service of this node announced, if its mailbox is of this version.
pub(crate) fn service() -> Option<Service> {
	let bytes = sp_io::offchain::local_storage_get(PERSISTENT, SERVICE)?;
	match u16::decode(&mut &bytes[..]) {
		Ok(VERSION) => Service::decode(&mut &bytes[..]).ok(),
		Ok(other) => {
			log::error!(
				target: LOG_TARGET,
				"the inference service speaks mailbox {other}, the chain {VERSION}: update the node",
			);
			None
		}
		Err(_) => None,
	}
}

/// What came of the order, if the service is done with it.
pub(crate) fn completion(id: &OrderId) -> Option<Completion> {
	read(&completion_key(id)).filter(|completion: &Completion| completion.id == *id)
}

/// Makes the mailbox hold exactly `orders`: writes the new ones, drops the others with what came
/// of them. Skipped while another block's hook is at it; the next block's hook does it then.
pub(crate) fn sync(orders: &[Order]) {
	if orders.is_empty() && read::<Index>(INDEX).is_none_or(|index| index.orders.is_empty()) {
		return;
	}
	let mut lock = StorageLock::<Time>::with_deadline(LOCK, LOCK_TIMEOUT);
	let Ok(_guard) = lock.try_lock() else { return };
	let old: Index = read(INDEX).unwrap_or_default();
	let new = successor(&old, orders);
	old.orders
		.iter()
		.filter(|id| !new.orders.contains(id))
		.for_each(drop_order);
	if list(&old, &new) {
		let listed = |order: &&Order| new.orders.contains(&order.id);
		orders.iter().filter(listed).for_each(write_order);
	}
}

/// The index of `orders`, those of `old` first.
fn successor(old: &Index, orders: &[Order]) -> Index {
	let is_open = |id: &&OrderId| orders.iter().any(|order| order.id == **id);
	let mut ids: Vec<OrderId> = old.orders.iter().filter(is_open).copied().collect();
	for order in orders {
		if ids.len() < MAX_ORDERS && !ids.contains(&order.id) {
			ids.push(order.id);
		}
	}
	Index {
		version: VERSION,
		orders: ids,
	}
}

/// Puts `new` in place of `old`; false if another hook was faster after all.
fn list(old: &Index, new: &Index) -> bool {
	let listed = StorageValueRef::persistent(INDEX).mutate(|current| {
		let current: Index = current.ok().flatten().unwrap_or_default();
		(current == *old).then(|| new.clone()).ok_or(())
	});
	listed.is_ok()
}

fn write_order(order: &Order) {
	let key = order_key(&order.id);
	if sp_io::offchain::local_storage_get(PERSISTENT, &key).is_none() {
		StorageValueRef::persistent(&key).set(order);
	}
}

/// The order first: a service that still writes its completion sees that it is gone.
fn drop_order(id: &OrderId) {
	StorageValueRef::persistent(&order_key(id)).clear();
	StorageValueRef::persistent(&completion_key(id)).clear();
}

fn read<V: Decode>(key: &[u8]) -> Option<V> {
	StorageValueRef::persistent(key).get().ok().flatten()
}
