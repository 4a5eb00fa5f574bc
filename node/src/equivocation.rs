//! Reports validators that make two blocks in one slot.
//!
//! BABE's own check runs in the import of a block, where the header has lost its seal already
//! (`sc-consensus-babe` 0.60, `check_and_report_equivocation`): what it reports proves nothing, and
//! is refused on chain. This one reads the blocks as they were imported.

use crate::service::FullClient;
use futures::StreamExt;
use one_runtime::{opaque::Block, Header};
use polkadot_sdk::{
	sc_client_api::{BlockImportNotification, BlockchainEvents},
	sc_consensus_babe::find_pre_digest,
	sc_transaction_pool_api::OffchainTransactionPoolFactory,
	sp_api::{ApiExt, ProvideRuntimeApi},
	sp_blockchain::HeaderBackend,
	sp_consensus::BlockOrigin,
	sp_consensus_babe::{AuthorityIndex, BabeApi, EquivocationProof, Slot},
};
use std::{collections::BTreeMap, error::Error, sync::Arc};

/// Slots for which blocks are remembered. An older block is that of a fork that nobody builds on.
const KEPT: u64 = 1_000;

/// Where a block stands: its slot and its author's seat.
type Place = (Slot, AuthorityIndex);

/// The first block seen in each place.
#[derive(Default)]
struct Seen(BTreeMap<Place, Header>);

impl Seen {
	/// Remembers a block; returns the other one that its author made in its slot, if one was seen.
	fn note(&mut self, place: Place, header: &Header) -> Option<Header> {
		let oldest = place.0.saturating_sub(KEPT);
		self.0 = self.0.split_off(&(oldest, 0));
		let first = self.0.entry(place).or_insert_with(|| header.clone());
		(first != header).then(|| first.clone())
	}
}

/// Watches the blocks that this node imports, and reports equivocations, as long as the node runs.
pub async fn watch(client: Arc<FullClient>, pool: OffchainTransactionPoolFactory<Block>) {
	let mut seen = Seen::default();
	let mut imports = client.every_import_notification_stream();
	while let Some(import) = imports.next().await {
		// What is old when it comes was judged by those who were there.
		if import.origin == BlockOrigin::NetworkInitialSync {
			continue;
		}
		if let Err(error) = check(&client, &pool, &mut seen, import) {
			log::warn!("an equivocation could not be reported: {error}");
		}
	}
}

fn check(
	client: &FullClient,
	pool: &OffchainTransactionPoolFactory<Block>,
	seen: &mut Seen,
	import: BlockImportNotification<Block>,
) -> Result<(), Box<dyn Error>> {
	let digest = find_pre_digest::<Block>(&import.header)?;
	let place = (digest.slot(), digest.authority_index());
	let Some(first_header) = seen.note(place, &import.header) else {
		return Ok(());
	};
	report(client, pool, place, [first_header, import.header])
}

fn report(
	client: &FullClient,
	pool: &OffchainTransactionPoolFactory<Block>,
	(slot, seat): Place,
	[first_header, second_header]: [Header; 2],
) -> Result<(), Box<dyn Error>> {
	let at = second_header.hash();
	let authorities = client.runtime_api().current_epoch(at)?.authorities;
	let (offender, _) = authorities
		.into_iter()
		.nth(seat as usize)
		.ok_or("the author has no seat in its epoch")?;
	let owner = client
		.runtime_api()
		.generate_key_ownership_proof(at, slot, offender.clone())?
		.ok_or("the author's key is nobody's")?;
	log::warn!("the validator {offender} made two blocks in slot {slot}");
	let proof = EquivocationProof {
		offender,
		slot,
		first_header,
		second_header,
	};
	let best = client.info().best_hash;
	let mut api = client.runtime_api();
	api.register_extension(pool.offchain_transaction_pool(best));
	api.submit_report_equivocation_unsigned_extrinsic(best, proof, owner)?
		.ok_or_else(|| "the runtime took no report".into())
}

#[cfg(test)]
mod tests {
	use super::*;
	use polkadot_sdk::sp_runtime::traits::Header as _;

	fn header(number: u32) -> Header {
		let hash = Default::default();
		Header::new(number, hash, hash, hash, Default::default())
	}

	#[test]
	fn second_block_of_an_author_in_a_slot_should_be_noticed() {
		let mut seen = Seen::default();
		let place = (Slot::from(7), 1);
		assert_eq!(seen.note(place, &header(1)), None);
		assert_eq!(seen.note(place, &header(1)), None);
		assert_eq!(seen.note((Slot::from(7), 2), &header(2)), None);
		assert_eq!(seen.note((Slot::from(8), 1), &header(2)), None);
		assert_eq!(seen.note(place, &header(2)), Some(header(1)));
	}

	#[test]
	fn blocks_should_be_forgotten_when_they_are_old() {
		let mut seen = Seen::default();
		assert_eq!(seen.note((Slot::from(1), 0), &header(1)), None);
		assert_eq!(seen.note((Slot::from(2 + KEPT), 0), &header(2)), None);
		assert_eq!(seen.0.len(), 1);
	}
}
