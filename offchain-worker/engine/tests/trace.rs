//! Full traces: every tile opens, and none can be forged.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::sync::Arc;

use common::{ids, TinyFolder};
use one_engine::{
	backend::pages_for,
	container::Container,
	cpu::CpuBackend,
	hash::blake2_256,
	trace::{Address, Line, Opening, Operator, Prover, Sizes, TILE},
	Backend, Chunk, Model, Want,
};

const SECRET: [u8; 32] = [7; 32];
const POSITIONS: usize = 5;

fn tiny() -> Arc<Model> {
	let (_room, path) = TinyFolder::new(false).import();
	Arc::new(Container::open(&path.unwrap()).unwrap().model().unwrap())
}

fn cpu(model: &Arc<Model>) -> CpuBackend {
	CpuBackend::new(model.clone(), pages_for(POSITIONS))
}

/// All tiles of a position.
fn addresses(sizes: &Sizes, position: u32) -> Vec<Address> {
	let layers = sizes.shape.layers;
	let lines = (0..layers + 2).flat_map(|stage| {
		let operators = Operator::of_stage(stage, layers).iter();
		operators.map(move |operator| Line {
			stage,
			operator: *operator,
		})
	});
	let tiles = |line: Line| {
		let bytes = line.operator.bytes(&sizes.shape, position as usize + 1);
		(0..bytes.div_ceil(TILE) as u32).map(move |tile| Address {
			position,
			line,
			tile,
		})
	};
	lines.flat_map(tiles).collect()
}

#[test]
fn every_tile_should_open_to_the_root() {
	let model = tiny();
	let ids = ids(&model, POSITIONS, 3);
	let mut prover = Prover::new(cpu(&model), &ids, SECRET).unwrap();
	let root = prover.root(&mut |_| ()).unwrap();
	let roots = prover.roots(&mut |_| ()).unwrap();
	let sizes = prover.sizes();
	for position in [0, 2, POSITIONS as u32 - 1] {
		for address in addresses(&sizes, position) {
			let opening = prover.open(address, roots.clone()).unwrap();
			assert_eq!(
				opening.root(&sizes, POSITIONS as u32, &SECRET),
				Some(root),
				"{address:?}"
			);
		}
	}
}

#[test]
fn a_changed_opening_should_lead_elsewhere() {
	let model = tiny();
	let ids = ids(&model, POSITIONS, 4);
	let mut prover = Prover::new(cpu(&model), &ids, SECRET).unwrap();
	let (root, sizes) = (prover.root(&mut |_| ()).unwrap(), prover.sizes());
	let roots = prover.roots(&mut |_| ()).unwrap();
	let line = Line {
		stage: 1,
		operator: Operator::Scores,
	};
	let address = Address {
		position: 2,
		line,
		tile: 0,
	};
	let opening = prover.open(address, roots.clone()).unwrap();
	let leads =
		|opening: &Opening, secret| opening.root(&sizes, POSITIONS as u32, secret) == Some(root);
	assert!(leads(&opening, &SECRET));
	assert!(!leads(&opening, &[8; 32]));
	let mut forged = opening.clone();
	forged.tile[0] ^= 1;
	assert!(!leads(&forged, &SECRET));
	for address in [
		Address {
			position: 1,
			..address
		},
		Address { tile: 1, ..address },
		Address {
			line: Line { stage: 2, ..line },
			..address
		},
		Address {
			line: Line {
				operator: Operator::Logits,
				..line
			},
			..address
		},
	] {
		assert!(
			!leads(
				&Opening {
					address,
					..opening.clone()
				},
				&SECRET
			),
			"{address:?}"
		);
	}
	let beyond = Address {
		position: POSITIONS as u32,
		..address
	};
	assert!(prover.open(beyond, roots).is_err());
}

#[test]
fn the_last_residual_should_be_that_of_the_receipt() {
	let model = tiny();
	let ids = ids(&model, POSITIONS, 5);
	let chunk = Chunk {
		pages: &[0],
		start: 0,
		ids: &ids,
	};
	let steps = cpu(&model).forward(&[chunk], Want::TRACE).unwrap();
	let mut prover = Prover::new(cpu(&model), &ids, SECRET).unwrap();
	let roots = prover.roots(&mut |_| ()).unwrap();
	for step in steps {
		let line = Line {
			stage: model.shape.layers,
			operator: Operator::FfnOutput,
		};
		let address = Address {
			position: step.position,
			line,
			tile: 0,
		};
		let opening = prover.open(address, roots.clone()).unwrap();
		assert_eq!(blake2_256(&opening.tile), step.residual_hash);
	}
}
