//! The hook, on a node in miniature: a chain state, a keystore, an off-chain database, a pool.

use codec::{Decode, Encode};
use one_mailbox::{
	completion_key, order_key, Completion, Finish, Index, Order, OrderId, Outcome, Service, INDEX,
	MAX_ORDERS, SERVICE, VERSION,
};
use one_primitives::{jobs::Assignment, receipts};
use polkadot_sdk::{
	frame_support::{assert_ok, traits::Hooks},
	frame_system::{ChainContext, RawOrigin},
	sp_application_crypto::RuntimeAppPublic,
	sp_core::{
		crypto::Pair,
		offchain::{
			testing::{TestOffchainExt, TestPersistentOffchainDB, TestTransactionPoolExt},
			Externalities, HttpError, HttpRequestId, HttpRequestStatus, OffchainDbExt,
			OffchainStorage, OffchainWorkerExt, OpaqueNetworkState, Timestamp, TransactionPoolExt,
		},
		OpaquePeerId,
	},
	sp_io::TestExternalities,
	sp_runtime::{
		generic::Preamble,
		traits::{Applyable, Checkable, Dispatchable},
	},
};

use crate::{mock::*, Call, ReportOf, MAX_ENTRIES};

/// Off-chain externalities of a node with a peer id of its own.
struct AtPeer(TestOffchainExt, Vec<u8>);

impl Externalities for AtPeer {
	fn is_validator(&self) -> bool {
		false
	}
	fn network_state(&self) -> Result<OpaqueNetworkState, ()> {
		let peer_id = OpaquePeerId::new(self.1.encode());
		Ok(OpaqueNetworkState {
			peer_id,
			external_addresses: vec![],
		})
	}
	fn timestamp(&mut self) -> Timestamp {
		self.0.timestamp()
	}
	fn sleep_until(&mut self, _: Timestamp) {
		panic!("the hook must not sleep");
	}
	fn random_seed(&mut self) -> [u8; 32] {
		self.0.random_seed()
	}
	fn http_request_start(&mut self, _: &str, _: &str, _: &[u8]) -> Result<HttpRequestId, ()> {
		Err(())
	}
	fn http_request_add_header(&mut self, _: HttpRequestId, _: &str, _: &str) -> Result<(), ()> {
		Err(())
	}
	fn http_request_write_body(
		&mut self,
		_: HttpRequestId,
		_: &[u8],
		_: Option<Timestamp>,
	) -> Result<(), HttpError> {
		Err(HttpError::IoError)
	}
	fn http_response_wait(
		&mut self,
		_: &[HttpRequestId],
		_: Option<Timestamp>,
	) -> Vec<HttpRequestStatus> {
		vec![]
	}
	fn http_response_headers(&mut self, _: HttpRequestId) -> Vec<(Vec<u8>, Vec<u8>)> {
		vec![]
	}
	fn http_response_read_body(
		&mut self,
		_: HttpRequestId,
		_: &mut [u8],
		_: Option<Timestamp>,
	) -> Result<usize, HttpError> {
		Err(HttpError::IoError)
	}
	fn set_authorized_nodes(&mut self, _: Vec<OpaquePeerId>, _: bool) {}
}

/// A node: what outlives the chain state is its database.
struct Node {
	ext: TestExternalities,
	db: TestPersistentOffchainDB,
	/// Takes what is in the pool.
	pool: Box<dyn FnMut() -> Vec<Vec<u8>>>,
}

impl Node {
	/// A node with the keys of `keys` at the peer `at`, on the database `db`.
	fn new(keys: &[u64], at: u64, db: TestPersistentOffchainDB) -> Self {
		let mut ext = ext(keys);
		let (offchain, _) = TestOffchainExt::with_offchain_db(db.clone());
		let (transactions, pool) = TestTransactionPoolExt::new();
		ext.register_extension(OffchainDbExt::new(offchain.clone()));
		ext.register_extension(OffchainWorkerExt::new(AtPeer(
			offchain,
			peer(at).into_inner(),
		)));
		ext.register_extension(TransactionPoolExt::new(transactions));
		let pool = Box::new(move || std::mem::take(&mut pool.write().transactions));
		Self { ext, db, pool }
	}

	/// The node of worker 1, registered and with a service, at a state in which it is alive.
	fn of_worker(slots: u8) -> Self {
		let mut node = Self::new(&[1], 1, Default::default());
		node.announce(&service());
		node.on_chain(|| with_workers(&[1], &[1], slots));
		node
	}

	/// Changes the state, then checks it.
	fn on_chain<R>(&mut self, change: impl FnOnce() -> R) -> R {
		self.ext.execute_with(|| {
			let result = change();
			Workers::do_try_state().unwrap();
			result
		})
	}

	/// One more block whose hook runs.
	fn hook(&mut self) {
		self.ext.execute_with(|| {
			next_block();
			Workers::offchain_worker(System::block_number());
		});
	}

	fn announce(&mut self, service: &Service) {
		self.db.set(b"", SERVICE, &service.encode());
	}

	fn read<V: Decode>(&self, key: &[u8]) -> Option<V> {
		self.db
			.get(key)
			.map(|bytes| V::decode(&mut &bytes[..]).unwrap())
	}

	fn orders(&self) -> Vec<OrderId> {
		self.read::<Index>(INDEX)
			.map_or(vec![], |index| index.orders)
	}

	fn complete(&mut self, completion: &Completion) {
		self.db
			.set(b"", &completion_key(&completion.id), &completion.encode());
	}

	/// Takes the reports out of the pool.
	fn reports(&mut self) -> Vec<(Extrinsic, ReportOf<Test>)> {
		(self.pool)()
			.into_iter()
			.map(|bytes| Extrinsic::decode(&mut &bytes[..]).unwrap())
			.map(|extrinsic| match &extrinsic.function {
				RuntimeCall::Workers(Call::report { report, .. }) => {
					let report = report.clone();
					(extrinsic, report)
				}
				other => panic!("{other:?}"),
			})
			.collect()
	}

	/// The only report in the pool.
	fn report(&mut self) -> ReportOf<Test> {
		let mut reports = self.reports();
		assert_eq!(reports.len(), 1);
		reports.remove(0).1
	}

	/// Puts the only report of the pool into a block.
	fn include(&mut self) -> ReportOf<Test> {
		let mut reports = self.reports();
		assert_eq!(reports.len(), 1);
		let (extrinsic, report) = reports.remove(0);
		assert!(matches!(extrinsic.preamble, Preamble::General(_)));
		self.on_chain(|| {
			let checked = Checkable::check(extrinsic, &ChainContext::<Test>::default()).unwrap();
			assert_ok!(checked.apply::<Test>(&Default::default(), 0).unwrap());
		});
		report
	}
}

fn id(assignment: &Assignment) -> OrderId {
	OrderId {
		job: assignment.job,
		attempt: assignment.attempt,
		assigned: assignment.assigned.0,
	}
}

fn completion(assignment: &Assignment) -> Completion {
	Completion {
		id: id(assignment),
		input_tokens: 5,
		output_tokens: 9,
		request_root: [1; 32],
		result_root: [2; 32],
		trace_root: [3; 32],
		outcome: Outcome::Served,
		finish: Finish::Length,
		ids: vec![],
	}
}

#[test]
fn hook_should_write_the_order_and_accept_when_a_job_is_assigned() {
	let mut node = Node::of_worker(1);
	let job = assignment(7, 1, 0xf0);
	node.on_chain(|| assign(1, job.clone()));
	node.hook();

	assert_eq!(
		node.read::<Index>(INDEX).unwrap(),
		Index {
			version: VERSION,
			orders: vec![id(&job)]
		}
	);
	let order: Order = node.read(&order_key(&id(&job))).unwrap();
	assert_eq!((order.model, order.prompt), (job.model.0, job.prompt));
	assert_eq!(
		(order.max_input, order.max_output, order.secret),
		(32, 16, [0; 32])
	);

	let report = node.include();
	assert_eq!(
		(
			report.worker,
			report.acceptances.len(),
			report.receipts.len()
		),
		(1, 1, 0)
	);
	assert!(Open::get()[0].1.accepted);
}

#[test]
fn hook_should_report_a_signed_receipt_when_the_order_is_completed() {
	let mut node = Node::of_worker(1);
	let job = assignment(7, 1, 0xf0);
	node.on_chain(|| assign(1, job.clone()));
	node.hook();
	node.include();
	node.complete(&completion(&job));
	node.hook();

	let report = node.include();
	let signed = &report.receipts[0];
	let message = receipts::message(&genesis(), &job.assigned, &signed.receipt);
	assert!(pair(1).public().verify(&message, &signed.signature));
	let receipt = &signed.receipt;
	assert_eq!(
		(
			receipt.job,
			receipt.attempt,
			receipt.worker,
			receipt.requests
		),
		(7, 1, 1, 1)
	);
	assert_eq!((receipt.input_tokens, receipt.output_tokens), (5, 9));
	assert_eq!(
		(receipt.outcome, receipt.finish),
		(Outcome::Served, Finish::Length)
	);
	assert_eq!(Completed::get().len(), 1);

	node.hook();
	assert!(node.reports().is_empty());
	assert!(node.orders().is_empty());
	assert_eq!(node.db.get(&order_key(&id(&job))), None);
	assert_eq!(node.db.get(&completion_key(&id(&job))), None);
}

#[test]
fn hook_should_send_the_ids_when_the_job_asks_for_them() {
	let mut node = Node::of_worker(1);
	let job = Assignment {
		wants_ids: true,
		..assignment(7, 1, 0xf0)
	};
	node.on_chain(|| assign(1, job.clone()));
	node.hook();
	let order: Order = node.read(&order_key(&id(&job))).unwrap();
	assert!(order.wants_ids);
	node.include();
	node.complete(&Completion {
		ids: vec![4, 5],
		..completion(&job)
	});
	node.hook();
	assert_eq!(node.include().receipts[0].ids.to_vec(), [4, 5]);
}

#[test]
fn hook_should_keep_a_receipt_back_when_its_ids_are_too_many() {
	let mut node = Node::of_worker(1);
	let job = assignment(7, 1, 0xf0);
	node.on_chain(|| assign(1, job.clone()));
	node.hook();
	node.include();
	node.complete(&Completion {
		ids: vec![0; 257],
		..completion(&job)
	});
	node.hook();
	assert!(node.reports().is_empty());
}

#[test]
fn hook_should_report_again_until_the_state_shows_it() {
	let mut node = Node::of_worker(1);
	node.on_chain(|| assign(1, assignment(7, 1, 0xf0)));
	for block in 2..6 {
		node.hook();
		let report = node.report();
		assert_eq!((report.block, report.acceptances.len()), (block, 1));
	}
	node.hook();
	node.include();
	node.hook();
	assert!(node.reports().is_empty());
}

#[test]
fn hook_should_accept_and_complete_in_one_report_when_the_engine_is_fast() {
	let mut node = Node::of_worker(1);
	let job = assignment(7, 1, 0xf0);
	node.on_chain(|| assign(1, job.clone()));
	node.complete(&completion(&job));
	node.hook();
	let report = node.include();
	assert_eq!((report.acceptances.len(), report.receipts.len()), (0, 1));
	assert_eq!(Completed::get().len(), 1);
}

#[test]
fn hook_should_drop_the_order_and_its_completion_when_a_fork_assigns_anew() {
	let mut node = Node::of_worker(1);
	let (abandoned, best) = (assignment(7, 1, 0xf0), assignment(7, 1, 0xf1));
	node.on_chain(|| assign(1, abandoned.clone()));
	node.hook();
	node.reports();
	node.complete(&completion(&abandoned));

	Open::set(vec![(1, best.clone())]);
	node.hook();
	assert_eq!(node.orders(), vec![id(&best)]);
	for key in [order_key(&id(&abandoned)), completion_key(&id(&abandoned))] {
		assert_eq!(node.db.get(&key), None);
	}
	assert!(node.read::<Order>(&order_key(&id(&best))).is_some());
	let report = node.include();
	assert_eq!(
		(report.acceptances[0].assigned, report.receipts.len()),
		(best.assigned, 0)
	);

	node.complete(&completion(&best));
	node.hook();
	node.include();
	assert_eq!(Completed::get().len(), 1);
}

#[test]
fn hook_should_not_report_a_completion_of_an_earlier_attempt() {
	let mut node = Node::of_worker(1);
	let (first, second) = (assignment(7, 1, 0xf0), assignment(7, 2, 0xf0));
	node.on_chain(|| assign(1, first.clone()));
	node.hook();
	node.reports();
	Open::set(vec![(1, second.clone())]);
	node.complete(&completion(&first));
	node.hook();
	let report = node.report();
	assert_eq!(
		(report.acceptances[0].attempt, report.receipts.len()),
		(2, 0)
	);
	assert_eq!(node.orders(), vec![id(&second)]);
}

#[test]
fn hook_should_continue_from_the_database_when_the_node_was_killed() {
	let mut node = Node::of_worker(1);
	let job = assignment(7, 1, 0xf0);
	node.on_chain(|| assign(1, job.clone()));
	node.hook();
	node.include();
	node.complete(&completion(&job));

	let mut restarted = Node::new(&[1], 1, node.db.clone());
	restarted.on_chain(|| {
		with_workers(&[1], &[1], 1);
		assign(
			1,
			Assignment {
				accepted: true,
				..job.clone()
			},
		);
	});
	restarted.hook();
	assert_eq!(restarted.include().receipts.len(), 1);
	assert_eq!(Completed::get().len(), 1);
}

#[test]
fn hook_should_repair_the_mailbox_when_the_node_was_killed_between_two_writes() {
	let mut node = Node::of_worker(2);
	let (open, gone) = (assignment(7, 1, 0xf0), assignment(6, 1, 0xf0));
	node.on_chain(|| assign(1, open.clone()));
	let listed = Index {
		version: VERSION,
		orders: vec![id(&gone), id(&open)],
	};
	node.db.set(b"", INDEX, &listed.encode());
	node.complete(&completion(&gone));
	node.hook();
	assert_eq!(node.orders(), vec![id(&open)]);
	assert!(node.read::<Order>(&order_key(&id(&open))).is_some());
	assert_eq!(node.db.get(&completion_key(&id(&gone))), None);
}

#[test]
fn hook_should_start_over_when_the_index_or_a_completion_is_garbage() {
	let mut node = Node::of_worker(1);
	let job = assignment(7, 1, 0xf0);
	node.on_chain(|| assign(1, job.clone()));
	node.db.set(b"", INDEX, &[0xff; 5]);
	node.db.set(b"", &completion_key(&id(&job)), &[0xff; 5]);
	node.hook();
	assert_eq!(node.orders(), vec![id(&job)]);
	assert!(node.report().receipts.is_empty());
}

#[test]
fn twin_with_another_peer_id_should_refuse_to_work() {
	let mut node = Node::new(&[1], 2, Default::default());
	node.announce(&service());
	node.on_chain(|| {
		with_workers(&[1], &[1], 1);
		assign(1, assignment(7, 1, 0xf0));
	});
	for _ in 0..5 {
		node.hook();
	}
	assert!(node.orders().is_empty());
	assert!(node.reports().is_empty());
}

#[test]
fn node_without_worker_keys_should_stay_silent_and_write_nothing() {
	let mut node = Node::new(&[], 1, Default::default());
	node.on_chain(|| {
		with_workers(&[1], &[1], 1);
		assign(1, assignment(7, 1, 0xf0));
	});
	node.hook();
	assert!(node.reports().is_empty());
	assert_eq!(node.db.get(INDEX), None);
	assert_eq!(node.db.get(one_mailbox::LOCK), None);
}

#[test]
fn hook_should_send_a_heartbeat_only_when_due() {
	let mut node = Node::of_worker(1);
	for _ in 0..3 {
		node.hook();
		assert!(node.reports().is_empty());
	}
	node.hook();
	let report = node.include();
	assert_eq!(
		(report.mailbox, report.arithmetics.to_vec()),
		(VERSION, vec![1])
	);
	node.hook();
	assert!(node.reports().is_empty());
}

#[test]
fn hook_should_neither_accept_nor_beat_when_there_is_no_service() {
	let mut node = Node::new(&[1], 1, Default::default());
	node.on_chain(|| register(1, &[1], 1).unwrap());
	node.hook();
	assert!(node.reports().is_empty());

	node.announce(&service());
	node.hook();
	node.include();
	node.on_chain(|| assign(1, assignment(7, 1, 0xf0)));
	node.db.remove(b"", SERVICE);
	node.hook();
	let report = node.include();
	assert_eq!((report.mailbox, report.acceptances.len()), (0, 0));
	node.on_chain(|| assert!(!Workers::status(&1).unwrap().alive));
}

#[test]
fn hook_should_not_accept_when_the_service_speaks_another_version_or_lacks_the_model() {
	let mut node = Node::of_worker(1);
	node.on_chain(|| assign(1, assignment(7, 1, 0xf0)));
	node.announce(&Service {
		models: vec![],
		..service()
	});
	node.hook();
	assert!(node.reports().is_empty());

	node.announce(&Service {
		version: VERSION + 1,
		..service()
	});
	node.hook();
	let report = node.report();
	assert_eq!((report.mailbox, report.acceptances.len()), (0, 0));
}

#[test]
fn hook_should_fill_one_report_and_leave_the_rest_to_the_next() {
	let mut node = Node::of_worker(64);
	let jobs: Vec<_> = (0..20).map(|job| assignment(job, 1, 0xf0)).collect();
	Open::set(jobs.iter().map(|job| (1, job.clone())).collect());
	node.hook();
	assert_eq!(node.orders().len(), 20);
	assert_eq!(node.include().acceptances.len(), MAX_ENTRIES as usize);
	node.hook();
	assert_eq!(node.include().acceptances.len(), 4);

	jobs.iter().for_each(|job| node.complete(&completion(job)));
	node.hook();
	assert_eq!(node.report().receipts.len(), MAX_ENTRIES as usize);
}

#[test]
fn hook_should_list_no_more_orders_than_a_mailbox_holds() {
	let mut node = Node::of_worker(64);
	let jobs: Vec<_> = (0..70).map(|job| assignment(job, 1, 0xf0)).collect();
	Open::set(jobs.iter().map(|job| (1, job.clone())).collect());
	node.hook();
	assert_eq!(node.orders().len(), MAX_ORDERS);
	let written = jobs
		.iter()
		.filter(|job| node.db.get(&order_key(&id(job))).is_some());
	assert_eq!(written.count(), MAX_ORDERS);
}

#[test]
fn hook_should_work_for_every_worker_of_the_node() {
	let mut node = Node::new(&[1, 2], 1, Default::default());
	node.announce(&service());
	node.on_chain(|| {
		for who in [1, 2] {
			let origin = RawOrigin::Signed(who);
			let offer = offer(1, &[1], 1);
			let call = Call::<Test>::register {
				offer,
				key: pair(who).public(),
				proof: proof(who, who),
			};
			assert_ok!(RuntimeCall::from(call).dispatch(origin.into()));
			dispatch(heartbeat(who)).unwrap();
		}
		Open::set(vec![
			(1, assignment(7, 1, 0xf0)),
			(2, assignment(8, 1, 0xf0)),
		]);
	});
	node.hook();
	assert_eq!(node.orders().len(), 2);
	let mut workers: Vec<_> = node
		.reports()
		.iter()
		.map(|(_, report)| report.worker)
		.collect();
	workers.sort();
	assert_eq!(workers, vec![1, 2]);
}

#[test]
fn hook_should_leave_the_mailbox_alone_while_another_holds_the_lock() {
	let mut node = Node::of_worker(1);
	node.on_chain(|| assign(1, assignment(7, 1, 0xf0)));
	let until = Timestamp::from_unix_millis(60_000);
	node.db.set(b"", one_mailbox::LOCK, &until.encode());
	node.hook();
	assert!(node.orders().is_empty());
	node.db.remove(b"", one_mailbox::LOCK);
	node.hook();
	assert_eq!(node.orders().len(), 1);
}
