//! The CPU path: where the head runs, and refusals that change nothing.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use common::{cpu, TinyFolder};
use one_engine::{container::Container, Backend, Chunk, EngineError, HeadAt, Want};

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

fn tiny() -> (tempfile::TempDir, Container) {
	let (room, path) = TinyFolder::new(true).import();
	(room, Container::open(&path.unwrap()).unwrap())
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
	let both = chunk(&[0], 0, &[3, 4]);
	let expected = backend.forward(&[both], ALL).unwrap();
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
fn argmax_should_be_the_same_without_logits() {
	let (_room, container) = tiny();
	let mut backend = cpu(&container, 1);
	let want = Want {
		logits: false,
		..ALL
	};
	let ids: Vec<u32> = (0..64).map(|i| i * i % 300).collect();
	let mut chosen = |want| -> Vec<_> {
		let steps = backend.forward(&[chunk(&[0], 0, &ids)], want).unwrap();
		steps.iter().map(|step| step.argmax.unwrap()).collect()
	};
	assert_eq!(chosen(want), chosen(ALL));
}

#[test]
fn profile_should_name_the_kernels_of_a_pass_and_change_nothing() {
	let (_room, container) = tiny();
	let (mut backend, mut other) = (cpu(&container, 1), cpu(&container, 1));
	let times = backend.profile(&[chunk(&[0], 0, &[3, 4])], ALL).unwrap();
	other.forward(&[chunk(&[0], 0, &[3, 4])], ALL).unwrap();
	assert!(times.iter().all(|time| time.seconds > 0.0));
	assert!(times.is_sorted_by(|a, b| a.seconds >= b.seconds));
	let mut kernels: Vec<_> = times.iter().map(|time| time.kernel).collect();
	kernels.sort_unstable();
	let all = [
		"argmax", "embed", "gate_up", "hash", "head", "qkv", "residual", "rmsnorm", "scores",
		"values",
	];
	assert_eq!(kernels, all);
	let next = [chunk(&[0], 2, &[5])];
	let [found, expected] = [&mut backend, &mut other].map(|one| one.forward(&next, ALL).unwrap());
	assert_eq!(found, expected);
	assert!(backend.profile(&[chunk(&[1], 0, &[3])], ALL).is_err());
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
