//! Puts the node together: client, pool, network, consensus and offchain workers.

use crate::{equivocation, rpc};
use futures::{
	future::{ready, Ready},
	FutureExt,
};
use jsonrpsee::RpcModule;
use one_engine::EngineOptions;
use one_runtime::{constants::time::SLOT_DURATION, opaque::Block, Hash, RuntimeApi};
use one_worker::{Inference, InferenceService, Mailbox};
use polkadot_sdk::{
	sc_client_api::{Backend, BlockBackend},
	sc_consensus_babe::{BabeBlockImport, BabeLink, BabeParams, SlotProportion},
	sc_consensus_grandpa::{
		warp_proof::NetworkProvider, GrandpaBlockImport, GrandpaParams, GrandpaPruningFilter,
		LinkHalf, SharedVoterState, VotingRulesBuilder,
	},
	sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging,
	sc_network::{
		config::FullNetworkConfiguration,
		service::traits::{NetworkService, NotificationService},
		NetworkBackend, NotificationMetrics, ProtocolName,
	},
	sc_network_sync::{strategy::warp::WarpSyncConfig, SyncingService},
	sc_offchain::{OffchainWorkerOptions, OffchainWorkers},
	sc_service::{
		error::Error as ServiceError, BuildNetworkParams, Configuration, PartialComponents, Role,
		SpawnTasksParams, TaskManager,
	},
	sc_telemetry::{Telemetry, TelemetryHandle, TelemetryWorker},
	sc_transaction_pool_api::{OffchainTransactionPoolFactory, RejectAllTxPool},
	sp_consensus_babe::{inherents::InherentDataProvider as Slot, SlotDuration},
	sp_keystore::KeystorePtr,
	sp_timestamp::InherentDataProvider as Timestamp,
	substrate_prometheus_endpoint::Registry,
	*,
};
use std::{error::Error, sync::Arc, time::Duration};

/// Runs the runtime's Wasm with the host functions every Substrate node has, and no other.
type Executor = sc_executor::WasmExecutor<sp_io::SubstrateHostFunctions>;
/// The client.
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, Executor>;
/// The database.
pub type FullBackend = sc_service::TFullBackend<Block>;
/// The offchain storage, which is the mailbox of a worker.
pub type OffchainStorage = <FullBackend as Backend<Block>>::OffchainStorage;
/// The transaction pool.
pub type FullPool = sc_transaction_pool::TransactionPoolHandle<Block, FullClient>;
/// Verifies and imports blocks.
pub type ImportQueue = sc_consensus::DefaultImportQueue<Block>;

type SelectChain = sc_consensus::LongestChain<FullBackend, Block>;
type GrandpaImport = GrandpaBlockImport<FullBackend, Block, FullClient, SelectChain>;
type BlockImport = BabeBlockImport<Block, FullClient, GrandpaImport, CreateInherents, SelectChain>;
type Inherents = Result<(Slot, Timestamp), Box<dyn Error + Send + Sync>>;
type CreateInherents = fn(Hash, ()) -> Ready<Inherents>;
type Partial =
	PartialComponents<FullClient, FullBackend, SelectChain, ImportQueue, FullPool, Consensus>;

/// How often, in blocks, a justification is made and kept without a change of validators.
const JUSTIFICATION_PERIOD: u32 = 512;
/// How long finality gossip is held back to be sent together.
const GOSSIP_DURATION: Duration = Duration::from_millis(333);
/// Share of a slot that an author may spend on its block; the rest is for the block to travel.
const PROPOSAL_PORTION: f32 = 0.5;

/// What consensus is started from.
pub struct Consensus {
	block_import: BlockImport,
	babe_link: BabeLink<Block>,
	grandpa_link: LinkHalf<Block, FullClient, SelectChain>,
	select_chain: SelectChain,
	telemetry: Option<Telemetry>,
}

/// The running parts of a node. Whatever else a node does is spawned from these.
pub struct Node {
	/// The client.
	pub client: Arc<FullClient>,
	/// The database; its offchain storage is the mailbox of the worker.
	pub backend: Arc<FullBackend>,
	/// The transaction pool.
	pub pool: Arc<FullPool>,
	/// The keys of this node.
	pub keystore: KeystorePtr,
	/// The network.
	pub network: Arc<dyn NetworkService>,
	/// What the node knows of the chain's progress.
	pub sync: Arc<SyncingService<Block>>,
	/// Where metrics are registered.
	pub prometheus: Option<Registry>,
	/// Where events are told.
	pub telemetry: Option<TelemetryHandle>,
	/// Whether the node is a validator.
	pub role: Role,
}

impl Node {
	fn offchain_pool(&self) -> OffchainTransactionPoolFactory<Block> {
		OffchainTransactionPoolFactory::new(self.pool.clone())
	}
}

/// The slot and the time, by this machine's clock.
fn create_inherents(_parent: Hash, _: ()) -> Ready<Inherents> {
	let timestamp = Timestamp::from_system_time();
	let duration = SlotDuration::from_millis(SLOT_DURATION);
	ready(Ok((
		Slot::from_timestamp_and_slot_duration(*timestamp, duration),
		timestamp,
	)))
}

/// Starts telemetry where the configuration names an endpoint.
fn telemetry(config: &Configuration) -> Result<Option<(TelemetryWorker, Telemetry)>, ServiceError> {
	let endpoints = config
		.telemetry_endpoints
		.clone()
		.filter(|some| !some.is_empty());
	let Some(endpoints) = endpoints else {
		return Ok(None);
	};
	let worker = TelemetryWorker::new(16)?;
	let telemetry = worker.handle().new_telemetry(endpoints);
	Ok(Some((worker, telemetry)))
}

/// Opens the database and makes what does not need the network: enough for a command on the chain.
pub fn new_partial(config: &Configuration) -> Result<Partial, ServiceError> {
	let telemetry = telemetry(config)?;
	let handle = telemetry.as_ref().map(|(_, telemetry)| telemetry.handle());
	let (client, backend, keystore_container, mut task_manager) =
		sc_service::new_full_parts::<Block, RuntimeApi, Executor>(
			config,
			handle,
			sc_service::new_wasm_executor(&config.executor),
			vec![Arc::new(GrandpaPruningFilter)],
		)?;
	let client = Arc::new(client);
	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager
			.spawn_handle()
			.spawn("telemetry", None, worker.run());
		telemetry
	});
	let select_chain = SelectChain::new(backend.clone());
	let transaction_pool = new_pool(config, &client, &task_manager);
	let (consensus, import_queue) =
		new_consensus(config, &client, &select_chain, &mut task_manager, telemetry)?;

	Ok(PartialComponents {
		client,
		backend,
		task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: consensus,
	})
}

fn new_pool(
	config: &Configuration,
	client: &Arc<FullClient>,
	task_manager: &TaskManager,
) -> Arc<FullPool> {
	let spawner = task_manager.spawn_essential_handle();
	let is_authority = config.role.is_authority().into();
	let pool = sc_transaction_pool::Builder::new(spawner, client.clone(), is_authority)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build();
	Arc::from(pool)
}

/// The import pipeline: BABE's checks, then GRANDPA's, then the client.
fn new_consensus(
	config: &Configuration,
	client: &Arc<FullClient>,
	select_chain: &SelectChain,
	task_manager: &mut TaskManager,
	telemetry: Option<Telemetry>,
) -> Result<(Consensus, ImportQueue), ServiceError> {
	let handle = telemetry.as_ref().map(Telemetry::handle);
	let (grandpa_import, grandpa_link) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		client,
		select_chain.clone(),
		handle.clone(),
	)?;
	let (block_import, babe_link) = sc_consensus_babe::block_import(
		sc_consensus_babe::configuration(&**client)?,
		grandpa_import.clone(),
		client.clone(),
		create_inherents as CreateInherents,
		select_chain.clone(),
		// Its reports prove nothing: see the module `equivocation`.
		OffchainTransactionPoolFactory::new(RejectAllTxPool::default()),
	)?;
	let (import_queue, worker) =
		sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
			link: babe_link.clone(),
			block_import: block_import.clone(),
			justification_import: Some(Box::new(grandpa_import)),
			client: client.clone(),
			slot_duration: babe_link.config().slot_duration(),
			spawner: &task_manager.spawn_essential_handle(),
			registry: config.prometheus_registry(),
			telemetry: handle,
		})?;
	// The worker answers questions about the epoch, and ends with the last who could ask.
	task_manager.keep_alive(worker);
	let select_chain = select_chain.clone();
	Ok((
		Consensus {
			block_import,
			babe_link,
			grandpa_link,
			select_chain,
			telemetry,
		},
		import_queue,
	))
}

/// Starts the whole node.
pub fn new_full<N: NetworkBackend<Block, Hash>>(
	config: Configuration,
	inference: Option<EngineOptions>,
) -> Result<TaskManager, ServiceError> {
	let PartialComponents {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain: _,
		transaction_pool: pool,
		other: mut consensus,
	} = new_partial(&config)?;

	let mut net_config = FullNetworkConfiguration::<_, _, N>::new(
		&config.network,
		config.prometheus_registry().cloned(),
	);
	let metrics = N::register_notification_metrics(config.prometheus_registry());
	let voting = join_grandpa(&config, &client, &mut net_config, &metrics)?;
	let authorities = consensus.grandpa_link.shared_authority_set().clone();
	let warp_sync = Arc::new(NetworkProvider::new(backend.clone(), authorities, vec![]));
	let (network, system_rpc_tx, tx_handler_controller, sync, _bitswap) =
		sc_service::build_network(BuildNetworkParams {
			config: &config,
			net_config,
			client: client.clone(),
			transaction_pool: pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;

	let node = Node {
		client,
		backend,
		pool,
		keystore: keystore_container.keystore(),
		network,
		sync,
		prometheus: config.prometheus_registry().cloned(),
		telemetry: consensus.telemetry.as_ref().map(Telemetry::handle),
		role: config.role,
	};
	let authoring = Authoring::from(&config);
	let voting = (!config.disable_grandpa).then_some(voting);
	let with_offchain_workers = config.offchain_worker.enabled;

	let inference_rpc = start_inference(&node, &mut task_manager, inference)?;
	sc_service::spawn_tasks(SpawnTasksParams {
		config,
		client: node.client.clone(),
		backend: node.backend.clone(),
		task_manager: &mut task_manager,
		keystore: node.keystore.clone(),
		transaction_pool: node.pool.clone(),
		rpc_builder: rpc_builder(&node, inference_rpc),
		network: node.network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: node.sync.clone(),
		telemetry: consensus.telemetry.as_mut(),
		tracing_execute_block: None,
	})?;

	let watch = equivocation::watch(node.client.clone(), node.offchain_pool());
	let spawner = task_manager.spawn_handle();
	spawner.spawn("equivocations", Some("consensus"), watch);
	if with_offchain_workers {
		spawn_offchain_workers(&node, &task_manager)?;
	}
	spawn_consensus(&node, &task_manager, consensus, authoring, voting)?;
	Ok(task_manager)
}

/// Makes blocks if the node is a validator, and takes part in finality unless `voting` is left out.
fn spawn_consensus(
	node: &Node,
	task_manager: &TaskManager,
	consensus: Consensus,
	authoring: Authoring,
	voting: Option<Voting>,
) -> Result<(), ServiceError> {
	let Consensus {
		block_import,
		babe_link,
		grandpa_link,
		select_chain,
		telemetry: _telemetry,
	} = consensus;
	if node.role.is_authority() {
		spawn_babe(
			node,
			task_manager,
			authoring,
			select_chain,
			block_import,
			babe_link,
		)?;
	}
	if let Some(voting) = voting {
		spawn_grandpa(node, task_manager, voting, grandpa_link)?;
	}
	Ok(())
}

/// Adds the finality protocol of this chain to the network.
fn join_grandpa<N: NetworkBackend<Block, Hash>>(
	config: &Configuration,
	client: &FullClient,
	net_config: &mut FullNetworkConfiguration<Block, Hash, N>,
	metrics: &NotificationMetrics,
) -> Result<Voting, ServiceError> {
	let protocol = grandpa_protocol(client, config)?;
	let (peers, notifications) = sc_consensus_grandpa::grandpa_peers_set_config::<_, N>(
		protocol.clone(),
		metrics.clone(),
		net_config.peer_store_handle(),
	);
	net_config.add_notification_protocol(peers);
	Ok(Voting {
		protocol,
		notifications,
		name: config.network.node_name.clone(),
	})
}

/// Makes the RPC methods of a server; none of them needs its executor `E`.
fn rpc_builder<E>(
	node: &Node,
	inference: Option<Inference<OffchainStorage>>,
) -> Box<dyn Fn(E) -> Result<RpcModule<()>, ServiceError>> {
	let (client, pool) = (node.client.clone(), node.pool.clone());
	Box::new(move |_| {
		rpc::create(client.clone(), pool.clone(), inference.clone())
			.map_err(ServiceError::Application)
	})
}

/// The name of the finality protocol of this chain.
fn grandpa_protocol(
	client: &FullClient,
	config: &Configuration,
) -> Result<ProtocolName, ServiceError> {
	let genesis = client
		.block_hash(0)?
		.ok_or_else(|| ServiceError::Other("The database has no genesis block".into()))?;
	Ok(sc_consensus_grandpa::protocol_standard_name(
		&genesis,
		&config.chain_spec,
	))
}

/// From now on a panic of this thread ends the thread; the SDK's handler would end the node.
fn end_alone() {
	// What ends the guard would be the end of its effect.
	std::mem::forget(sp_panic_handler::AbortGuard::never_abort());
}

/// Starts answering jobs if `options` say with what; else tells the runtime's hook that nobody does.
fn start_inference(
	node: &Node,
	task_manager: &mut TaskManager,
	options: Option<EngineOptions>,
) -> Result<Option<Inference<OffchainStorage>>, ServiceError> {
	let Some(storage) = node.backend.offchain_storage() else {
		return Err(ServiceError::Other(
			"The database has no offchain storage".into(),
		));
	};
	let Some(options) = options else {
		Mailbox::new(storage).withdraw();
		return Ok(None);
	};
	let (service, rpc) = InferenceService::start(options, storage, end_alone)
		.map_err(|error| ServiceError::Application(error.into()))?;
	task_manager.keep_alive(service);
	Ok(Some(rpc))
}

/// Runs the runtime's `offchain_worker` hook on every new best block.
fn spawn_offchain_workers(node: &Node, task_manager: &TaskManager) -> Result<(), ServiceError> {
	let workers = OffchainWorkers::new(OffchainWorkerOptions {
		runtime_api_provider: node.client.clone(),
		keystore: Some(node.keystore.clone()),
		offchain_db: node.backend.offchain_storage(),
		transaction_pool: Some(node.offchain_pool()),
		network_provider: Arc::new(node.network.clone()),
		is_validator: node.role.is_authority(),
		enable_http_requests: false,
		custom_extensions: |_| vec![],
	})?;
	task_manager.spawn_handle().spawn(
		"offchain-workers-runner",
		"offchain-worker",
		workers
			.run(node.client.clone(), task_manager.spawn_handle())
			.boxed(),
	);
	Ok(())
}

/// How a validator makes blocks.
struct Authoring {
	force: bool,
	backoff: Option<BackoffAuthoringOnFinalizedHeadLagging<u32>>,
}

impl From<&Configuration> for Authoring {
	fn from(config: &Configuration) -> Self {
		Self {
			force: config.force_authoring,
			backoff: Some(BackoffAuthoringOnFinalizedHeadLagging::default()),
		}
	}
}

/// Makes blocks.
fn spawn_babe(
	node: &Node,
	task_manager: &TaskManager,
	authoring: Authoring,
	select_chain: SelectChain,
	block_import: BlockImport,
	babe_link: BabeLink<Block>,
) -> Result<(), ServiceError> {
	let env = sc_basic_authorship::ProposerFactory::new(
		task_manager.spawn_handle(),
		node.client.clone(),
		node.pool.clone(),
		node.prometheus.as_ref(),
		node.telemetry.clone(),
	);
	let babe = sc_consensus_babe::start_babe(BabeParams {
		keystore: node.keystore.clone(),
		client: node.client.clone(),
		select_chain,
		env,
		block_import,
		sync_oracle: node.sync.clone(),
		justification_sync_link: node.sync.clone(),
		create_inherent_data_providers: create_inherents as CreateInherents,
		force_authoring: authoring.force,
		backoff_authoring_blocks: authoring.backoff,
		babe_link,
		block_proposal_slot_portion: SlotProportion::new(PROPOSAL_PORTION),
		max_block_proposal_slot_portion: None,
		telemetry: node.telemetry.clone(),
	})?;
	let spawner = task_manager.spawn_essential_handle();
	spawner.spawn_blocking("babe-proposer", Some("block-authoring"), babe);
	Ok(())
}

/// How a node takes part in finality.
struct Voting {
	protocol: ProtocolName,
	notifications: Box<dyn NotificationService>,
	name: String,
}

/// Votes on finality as a validator, follows the votes as any other node.
fn spawn_grandpa(
	node: &Node,
	task_manager: &TaskManager,
	voting: Voting,
	link: LinkHalf<Block, FullClient, SelectChain>,
) -> Result<(), ServiceError> {
	let config = sc_consensus_grandpa::Config {
		gossip_duration: GOSSIP_DURATION,
		justification_generation_period: JUSTIFICATION_PERIOD,
		name: Some(voting.name),
		observer_enabled: false,
		keystore: node.role.is_authority().then(|| node.keystore.clone()),
		local_role: node.role,
		telemetry: node.telemetry.clone(),
		protocol_name: voting.protocol,
	};
	let voter = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
		config,
		link,
		network: node.network.clone(),
		sync: Arc::new(node.sync.clone()),
		notification_service: voting.notifications,
		voting_rule: VotingRulesBuilder::default().build(),
		prometheus_registry: node.prometheus.clone(),
		shared_voter_state: SharedVoterState::empty(),
		telemetry: node.telemetry.clone(),
		offchain_tx_pool_factory: node.offchain_pool(),
	})?;
	task_manager
		.spawn_essential_handle()
		.spawn_blocking("grandpa-voter", None, voter);
	Ok(())
}

#[cfg(test)]
mod tests {
	#![allow(clippy::panic)]

	use super::*;

	#[test]
	fn node_should_outlive_a_panic_of_inference() {
		sp_panic_handler::set("https://example.org", "test");
		let thread = std::thread::spawn(|| {
			end_alone();
			let caught = std::panic::catch_unwind(|| panic!("on purpose"));
			assert!(caught.is_err());
			panic!("on purpose, too");
		});
		assert!(thread.join().is_err());
		drop(std::panic::take_hook());
	}
}
