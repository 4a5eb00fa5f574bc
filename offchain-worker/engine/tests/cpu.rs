//! The CPU path: the same bits however the tokens are fed, and refusals that change nothing.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::{cpu, ids, one_guide, open, TinyFolder};
use one_engine::{
	container::Container, Backend, Chunk, EngineError, HeadAt, SequenceId, Step, Want,
};

const ALL: Want = Want {
	head: HeadAt::All,
	logits: true,
};

fn feed(backend: &mut dyn Backend, sequence: SequenceId, ids: &[u32], size: usize) -> Vec<Step> {
	let chunk = |ids| [Chunk { sequence, ids }];
	ids.chunks(size)
		.flat_map(|ids| backend.forward(&chunk(ids), ALL).unwrap())
		.collect()
}

fn tiny() -> (tempfile::TempDir, Container) {
	let (room, path) = TinyFolder::new(true).import();
	(room, Container::open(&path.unwrap()).unwrap())
}

#[test]
fn prefill_should_equal_decode_when_chunked_in_any_way() {
	let container = one_guide();
	let ids = ids(&container.model().unwrap(), 150, 1);
	let mut backend = cpu(&container, 4);
	let mut outcome = |size| {
		let sequence = open(&mut backend);
		let steps = feed(&mut backend, sequence, &ids, size);
		backend.close(sequence);
		steps
			.into_iter()
			.map(|step| Step {
				sequence: SequenceId(0),
				..step
			})
			.collect::<Vec<_>>()
	};
	let decode = outcome(1);
	assert_eq!(decode.len(), ids.len());
	assert!(decode
		.iter()
		.all(|step| step.logits.is_some() && step.argmax.is_some()));
	for size in [7, 64, ids.len()] {
		assert_eq!(outcome(size), decode, "chunks of {size}");
	}
}

#[test]
fn batch_of_eight_should_equal_each_alone() {
	let container = one_guide();
	let model = container.model().unwrap();
	let mut backend = cpu(&container, 16);
	let prompts: Vec<Vec<u32>> = (0..8)
		.map(|i| ids(&model, 5 + 9 * i, i as u64 + 2))
		.collect();
	let sequences: Vec<SequenceId> = prompts.iter().map(|_| open(&mut backend)).collect();
	let chunks: Vec<Chunk<'_>> = sequences
		.iter()
		.zip(&prompts)
		.map(|(sequence, ids)| Chunk {
			sequence: *sequence,
			ids,
		})
		.collect();
	let mut together = backend.forward(&chunks, ALL).unwrap();
	let more: Vec<Chunk<'_>> = sequences
		.iter()
		.map(|sequence| Chunk {
			sequence: *sequence,
			ids: &[5],
		})
		.collect();
	together.extend(backend.forward(&more, ALL).unwrap());
	for (sequence, prompt) in sequences.iter().zip(&prompts) {
		let alone = open(&mut backend);
		let mut steps = feed(&mut backend, alone, prompt, prompt.len());
		steps.extend(feed(&mut backend, alone, &[5], 1));
		backend.close(alone);
		let batched = together.iter().filter(|step| step.sequence == *sequence);
		let batched: Vec<Step> = batched
			.cloned()
			.map(|step| Step {
				sequence: alone,
				..step
			})
			.collect();
		assert_eq!(batched, steps);
	}
}

#[test]
fn head_should_run_only_where_wanted() {
	let (_room, container) = tiny();
	let mut backend = cpu(&container, 1);
	let sequence = open(&mut backend);
	let chunk = [Chunk {
		sequence,
		ids: &[3, 4, 5],
	}];
	let ran =
		|steps: Vec<Step>| -> Vec<bool> { steps.iter().map(|s| s.argmax.is_some()).collect() };
	assert_eq!(
		ran(backend.forward(&chunk, Want::TRACE).unwrap()),
		[false; 3]
	);
	assert_eq!(
		ran(backend.forward(&chunk, Want::NEXT).unwrap()),
		[false, false, true]
	);
	assert_eq!(ran(backend.forward(&chunk, ALL).unwrap()), [true; 3]);
	assert_eq!(
		backend
			.forward(&[Chunk { sequence, ids: &[] }], ALL)
			.unwrap(),
		[]
	);
}

#[test]
fn forward_should_change_nothing_when_refused() {
	let (_room, container) = tiny();
	let mut backend = cpu(&container, 2);
	let (a, b) = (open(&mut backend), open(&mut backend));
	assert!(matches!(
		backend.open(),
		Err(EngineError::NoFreeSequence(2))
	));
	let chunk = |sequence, ids| Chunk { sequence, ids };
	let long = [3; 65];
	let mut refused = |chunks: &[Chunk<'_>]| backend.forward(chunks, ALL).unwrap_err();
	let good = chunk(a, &[3][..]);
	assert!(matches!(
		refused(&[good, chunk(SequenceId(9), &[3])]),
		EngineError::UnknownSequence(9)
	));
	assert!(matches!(
		refused(&[good, good]),
		EngineError::RepeatedSequence(_)
	));
	assert!(matches!(
		refused(&[good, chunk(b, &[3, 300])]),
		EngineError::UnknownToken {
			id: 300,
			vocab: 300
		}
	));
	assert!(matches!(
		refused(&[good, chunk(b, &long)]),
		EngineError::ContextExceeded {
			tokens: 65,
			context: 64
		}
	));
	assert_eq!(feed(&mut backend, a, &[3], 1)[0].position, 0);
	assert_eq!(feed(&mut backend, b, &long[..64], 64).len(), 64);
	backend.close(a);
	let again = open(&mut backend);
	assert_eq!(feed(&mut backend, again, &[3], 1)[0].position, 0);
}
