//! The CPU path: the same bits however the tokens are fed, and refusals that change nothing.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::sync::Arc;

use common::{cpu, ids, one_guide, TinyFolder};
use one_engine::{
	container::Container,
	cpu::{kernels, CpuBackend},
	Backend, Chunk, EngineError, HeadAt, Step, Want,
};

const ALL: Want = Want {
	head: HeadAt::All,
	logits: true,
};

fn chunk<'a>(pages: &'a [u32], start: usize, ids: &'a [u32]) -> Chunk<'a> {
	Chunk {
		pages,
		start: start as u32,
		ids,
	}
}

/// Feeds `ids` from the beginning, so many at a time.
fn feed(backend: &mut dyn Backend, pages: &[u32], ids: &[u32], size: usize) -> Vec<Step> {
	let mut steps = vec![];
	for ids in ids.chunks(size) {
		let chunk = chunk(pages, steps.len(), ids);
		steps.extend(backend.forward(&[chunk], ALL).unwrap());
	}
	steps
}

fn tiny() -> (tempfile::TempDir, Container) {
	let (room, path) = TinyFolder::new(true).import();
	(room, Container::open(&path.unwrap()).unwrap())
}

#[test]
fn prefill_should_equal_decode_when_chunked_in_any_way_in_any_pages() {
	let container = one_guide();
	let ids = ids(&container.model().unwrap(), 270, 1);
	let mut backend = cpu(&container, 4);
	let decode = feed(&mut backend, &[0, 1], &ids, 1);
	assert_eq!(decode.len(), ids.len());
	assert!(decode
		.iter()
		.all(|step| step.logits.is_some() && step.argmax.is_some()));
	for (size, pages) in [(7, [3, 2]), (64, [1, 0]), (ids.len(), [0, 3])] {
		let steps = feed(&mut backend, &pages, &ids, size);
		assert!(steps == decode, "chunks of {size}");
	}
}

#[test]
fn pages_of_a_prefix_should_serve_several_sequences() {
	let container = one_guide();
	let model = container.model().unwrap();
	let mut backend = cpu(&container, 5);
	let prefix = ids(&model, 256, 1);
	let ends = [2, 3, 4].map(|seed| ids(&model, 20, seed));
	let expected = ends.clone().map(|end| {
		let whole = [prefix.clone(), end].concat();
		feed(&mut backend, &[4, 3], &whole, whole.len()).split_off(256)
	});
	feed(&mut backend, &[0], &prefix, 100);
	let pages = [[0, 1], [0, 2], [0, 3]];
	let chunks = [0, 1, 2].map(|i| chunk(&pages[i], 256, &ends[i]));
	assert!(backend.forward(&chunks, ALL).unwrap() == expected.concat());
}

#[test]
fn batch_of_eight_should_equal_each_alone() {
	let container = one_guide();
	let model = container.model().unwrap();
	let mut backend = cpu(&container, 9);
	let prompts: Vec<Vec<u32>> = (0..8)
		.map(|i| ids(&model, 5 + 9 * i, i as u64 + 2))
		.collect();
	let pages: Vec<[u32; 1]> = (1..9).map(|page| [page]).collect();
	let places = || pages.iter().zip(&prompts);
	let chunks: Vec<_> = places().map(|(pages, ids)| chunk(pages, 0, ids)).collect();
	let mut together = backend.forward(&chunks, ALL).unwrap();
	let more: Vec<_> = places()
		.map(|(pages, ids)| chunk(pages, ids.len(), &[5]))
		.collect();
	let last = backend.forward(&more, ALL).unwrap();
	for (prompt, last) in prompts.iter().zip(last) {
		let alone = feed(
			&mut backend,
			&[0],
			&[&prompt[..], &[5]].concat(),
			prompt.len(),
		);
		let mut batched: Vec<_> = together.drain(..prompt.len()).collect();
		batched.push(last);
		assert!(batched == alone);
	}
}

#[test]
fn head_should_run_only_where_wanted() {
	let (_room, container) = tiny();
	let mut backend = cpu(&container, 1);
	let mut ran = |start, want| -> Vec<bool> {
		let steps = backend.forward(&[chunk(&[0], start, &[3, 4, 5])], want);
		steps.unwrap().iter().map(|s| s.argmax.is_some()).collect()
	};
	assert_eq!(ran(0, Want::TRACE), [false; 3]);
	assert_eq!(ran(3, Want::NEXT), [false, false, true]);
	assert_eq!(ran(6, ALL), [true; 3]);
	let none = backend.forward(&[chunk(&[0], 9, &[])], ALL).unwrap();
	assert_eq!(none, []);
}

#[test]
fn forward_should_change_nothing_when_refused() {
	let (_room, container) = tiny();
	let mut backend = cpu(&container, 2);
	let expected = feed(&mut backend, &[0], &[3, 4], 2);
	let long = [3; 65];
	let mut refused = |chunks: &[Chunk<'_>]| backend.forward(chunks, ALL).unwrap_err();
	let good = chunk(&[0], 0, &[9]);
	assert!(matches!(
		refused(&[good, chunk(&[2], 0, &[3])]),
		EngineError::UnknownPage { page: 2, pages: 2 }
	));
	assert!(matches!(refused(&[good, good]), EngineError::SharedPage(0)));
	assert!(matches!(
		refused(&[good, chunk(&[1], 0, &[3, 300])]),
		EngineError::UnknownToken {
			id: 300,
			vocab: 300
		}
	));
	assert!(matches!(
		refused(&[good, chunk(&[1], 0, &long)]),
		EngineError::ContextExceeded {
			tokens: 65,
			context: 64
		}
	));
	let after = backend.forward(&[chunk(&[0], 1, &[4])], ALL).unwrap();
	assert_eq!(after[..], expected[1..]);
}

#[test]
fn decode_should_equal_single_steps() {
	let (_room, container) = tiny();
	let mut backend = cpu(&container, 2);
	let next = [chunk(&[0], 0, &[5]), chunk(&[1], 0, &[9])];
	let found = backend.decode(&next, 6).unwrap();
	for (own, first) in found.iter().zip(next) {
		let mut ids = first.ids.to_vec();
		ids.extend(own[..5].iter().map(|step| step.argmax.unwrap()));
		let want = Want {
			logits: false,
			..ALL
		};
		let expected = backend.forward(&[chunk(first.pages, 0, &ids)], want);
		assert_eq!(*own, expected.unwrap());
	}
	let two = backend.decode(&[chunk(&[0], 0, &[5, 6])], 1).unwrap_err();
	assert!(matches!(two, EngineError::NotOneToken(2)));
	let long = backend.decode(&[chunk(&[0], 60, &[5])], 5).unwrap_err();
	assert!(matches!(long, EngineError::ContextExceeded { .. }));
}

#[test]
fn every_set_of_kernels_should_return_the_bits_of_the_definition() {
	let container = one_guide();
	let model = Arc::new(container.model().unwrap());
	let ids = ids(&model, 300, 11);
	let outcome = |set| {
		let mut backend = CpuBackend::new(model.clone(), 2).with_kernels(set);
		let mut steps = feed(&mut backend, &[0, 1], &ids[..290], 100);
		for (start, id) in ids.iter().enumerate().skip(290) {
			let chunk = [chunk(&[0, 1], start, std::slice::from_ref(id))];
			steps.extend(backend.forward(&chunk, ALL).unwrap());
		}
		steps
	};
	let definition = outcome(kernels::named("scalar").unwrap());
	for set in kernels::all() {
		assert!(outcome(set) == definition, "{}", set.name());
	}
}
