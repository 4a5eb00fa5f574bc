//! Audits find the first position at which an answer is wrong, and nothing in a right one.

#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::sync::Arc;

use common::{ids, one_guide};
use one_engine::{
	audit::{audit, Audit, Claim, Difference},
	backend::pages_for,
	cpu::CpuBackend,
	scheduler::{Answer, Decode, Finish, Options, Scheduler},
	Model, Sampling,
};

fn decode(model: &Model, temperature: u32) -> Decode {
	Decode {
		prompt: ids(model, 9, 1),
		max_tokens: 40,
		sampling: Sampling {
			temperature,
			top_k: 20,
			repetition_penalty: 1_100,
			..Sampling::GREEDY
		},
		seed: [3; 32],
		stop_tokens: vec![],
		stop_sequences: vec![],
	}
}

fn cpu(model: &Arc<Model>) -> CpuBackend {
	CpuBackend::new(model.clone(), pages_for(model.shape.context as usize))
}

fn answer(model: &Arc<Model>, decode: &Decode) -> Answer {
	let backend = Box::new(cpu(model));
	let mut scheduler = Scheduler::new(backend, model.root, &model.shape, Options::default());
	scheduler.submit(decode.clone()).unwrap();
	loop {
		if let Some(answer) = scheduler.step().unwrap().into_iter().find_map(|p| p.answer) {
			return answer;
		}
	}
}

fn run(model: &Arc<Model>, decode: &Decode, answer: &Answer) -> Audit {
	let pages: Vec<u32> = (0..pages_for(model.shape.context as usize) as u32).collect();
	let claim = Claim {
		decode,
		answer: &answer.ids,
		finish: answer.finish,
		residuals: Some(&answer.residuals),
	};
	audit(&mut cpu(model), &pages, &claim, model.shape.context).unwrap()
}

fn cases() -> (Arc<Model>, Vec<(Decode, Answer)>) {
	let model = Arc::new(one_guide().model().unwrap());
	let both = [0, 900].map(|temperature| {
		let decode = decode(&model, temperature);
		let answer = answer(&model, &decode);
		(decode, answer)
	});
	(model, both.into())
}

#[test]
fn a_right_answer_should_agree() {
	let (model, cases) = cases();
	for (decode, answer) in cases {
		let audit = run(&model, &decode, &answer);
		assert_eq!(audit.divergence, None);
		assert_eq!(audit.residuals, answer.residuals);
	}
}

#[test]
fn a_changed_token_should_be_found_where_it_was_chosen() {
	let (model, cases) = cases();
	for (decode, answer) in cases {
		let mut wrong = answer.clone();
		wrong.ids[7] = (wrong.ids[7] + 1) % model.shape.vocab;
		let position = decode.prompt.len() as u32 + 6;
		let expected = Some((position, Difference::Token(answer.ids[7])));
		assert_eq!(run(&model, &decode, &wrong).divergence, expected);
	}
}

#[test]
fn a_changed_residual_should_be_found_at_its_position() {
	let (model, cases) = cases();
	for (decode, answer) in cases {
		for position in [0, 8, 20] {
			let mut wrong = answer.clone();
			wrong.residuals[position][0] ^= 1;
			let expected = Some((position as u32, Difference::Residual));
			assert_eq!(run(&model, &decode, &wrong).divergence, expected);
		}
	}
}

#[test]
fn an_answer_of_a_wrong_length_should_be_found() {
	let (model, mut cases) = cases();
	let (mut decode, answer) = cases.remove(0);
	let end = |n: usize| Some((9 + n as u32 - 1, Difference::End));
	let short = |finish| Answer {
		ids: answer.ids[..12].into(),
		residuals: answer.residuals[..20].into(),
		finish,
		..answer.clone()
	};
	assert_eq!(
		run(&model, &decode, &short(Finish::Length)).divergence,
		end(12)
	);
	assert_eq!(
		run(&model, &decode, &short(Finish::Stop)).divergence,
		end(12)
	);
	assert_eq!(
		run(&model, &decode, &short(Finish::Cancelled)).divergence,
		None
	);
	decode.stop_sequences = vec![answer.ids[..5].to_vec()];
	assert_eq!(run(&model, &decode, &answer).divergence, end(5));
}
