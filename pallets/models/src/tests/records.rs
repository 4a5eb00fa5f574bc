//! What a record may say.

use one_arithmetic::limits;
use one_primitives::models::Cost;
use polkadot_sdk::{
	frame_support::{assert_noop, assert_ok},
	frame_system::RawOrigin,
};

use crate::{
	mock::*,
	shape::{bounds, Shape, ARITHMETIC},
	Error, ModelRecord,
};

fn refused(change: impl FnOnce(&mut ModelRecord), error: Error<Test>) {
	ExtBuilder::default().build_and_execute(|| {
		let mut record = record();
		change(&mut record);
		assert_noop!(
			Models::register(RawOrigin::Root.into(), id(1), record),
			error
		);
	});
}

#[test]
fn bounds_should_be_those_of_the_arithmetic() {
	assert_eq!(ARITHMETIC, one_arithmetic::ARITHMETIC_ID);
	assert_eq!(bounds::MAX_INPUTS, limits::MAX_INPUTS);
	assert_eq!(bounds::MAX_HIDDEN, limits::MAX_HIDDEN);
	assert_eq!(bounds::MAX_HEAD_DIM as usize, limits::MAX_HEAD_DIM);
	assert_eq!(bounds::MAX_POSITIONS, limits::MAX_POSITIONS);
	assert_eq!(bounds::MAX_VOCAB, limits::MAX_VOCAB);
}

#[test]
fn cost_should_count_every_linear_layer_and_the_head() {
	// Per layer: q and o 64 x 64, k and v 64 x 32, three of 64 x 176; the head 64 x 512.
	let layer = 2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 176;
	let linear = 2 * layer + 64 * 512;
	// Per key: a score and a value of 8 channels in 8 heads of 2 layers.
	let attention = 2 * 2 * 8 * 8;
	assert_eq!(SHAPE.cost(), Some(Cost { linear, attention }));
}

#[test]
fn cost_should_fit_when_the_shape_is_at_the_bounds() {
	let largest = Shape {
		layers: bounds::MAX_LAYERS,
		hidden: bounds::MAX_HIDDEN,
		ffn: bounds::MAX_INPUTS,
		heads: bounds::MAX_INPUTS / bounds::MAX_HEAD_DIM,
		kv_heads: bounds::MAX_INPUTS / bounds::MAX_HEAD_DIM,
		head_dim: bounds::MAX_HEAD_DIM,
		vocab: bounds::MAX_VOCAB,
		context: bounds::MAX_POSITIONS,
	};
	assert!(largest.is_within_bounds());
	assert!(largest.cost().is_some());
}

#[test]
fn shape_should_be_refused_when_a_dimension_is_out_of_bounds() {
	let changes: [fn(&mut Shape); 15] = [
		|shape| shape.layers = 0,
		|shape| shape.layers = bounds::MAX_LAYERS + 1,
		|shape| shape.hidden = 0,
		|shape| shape.hidden = bounds::MAX_HIDDEN + 1,
		|shape| shape.ffn = bounds::MAX_INPUTS + 1,
		|shape| shape.heads = 0,
		|shape| shape.heads = u32::MAX - 3,
		|shape| shape.kv_heads = 0,
		|shape| shape.kv_heads = 3,
		|shape| shape.head_dim = 7,
		|shape| shape.head_dim = bounds::MAX_HEAD_DIM + 2,
		|shape| shape.vocab = 0,
		|shape| shape.vocab = bounds::MAX_VOCAB + 1,
		|shape| shape.context = bounds::MAX_POSITIONS + 1,
		|shape| shape.ffn = u32::MAX,
	];
	for change in changes {
		refused(|record| change(&mut record.shape), Error::ShapeOutOfBounds);
	}
}

#[test]
fn register_should_refuse_when_a_field_makes_no_sense() {
	refused(|record| record.arithmetic = 2, Error::UnknownArithmetic);
	refused(
		|record| record.template_tokens = 512,
		Error::TemplateLongerThanContext,
	);
	refused(|record| record.min_tier = 3, Error::UnknownTier);
	refused(
		|record| record.name = vec![0xff].try_into().unwrap(),
		Error::NameNotText,
	);
}

#[test]
fn register_should_refuse_when_the_model_is_known() {
	ExtBuilder::default()
		.models(vec![(id(1), record())])
		.build_and_execute(|| {
			let again = Models::register(RawOrigin::Root.into(), id(1), record());
			assert_noop!(again, Error::<Test>::AlreadyRegistered);
			assert_ok!(Models::register(RawOrigin::Root.into(), id(2), record()));
		});
}

#[test]
#[should_panic(expected = "of the genesis")]
fn genesis_should_not_come_to_life_when_a_model_is_broken() {
	let mut broken = record();
	broken.arithmetic = 9;
	ExtBuilder::default().models(vec![(id(1), broken)]).build();
}

#[test]
fn genesis_record_should_survive_json() {
	let text = serde_json::to_string(&record()).unwrap();
	assert!(text.contains("\"headDim\":8"), "{text}");
	assert_eq!(
		serde_json::from_str::<ModelRecord>(&text).unwrap(),
		record()
	);
}
