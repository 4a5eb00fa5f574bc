//! The parity matrix: models, conditions of serving, and everything that evaluates models.

pub mod case;
pub mod checked;
pub mod definition;
pub mod subject;
pub mod target;

use std::{
	collections::HashMap,
	sync::{Arc, Mutex},
};

use one_engine::{
	backend::pages_for,
	hash::Hash,
	scheduler::{Answer, Decode, Scheduler},
	Backend, EngineError, JobId, Options, Step,
};

use case::Case;
use checked::{Checked, Seen, LOST};
use definition::Definition;
use target::{targets, Target};

/// Serves a case on every target; all steps and answers must be those of the definition. Returns
/// what the targets were asked, each of them the same.
pub fn check(case: &Case<'_>) -> Seen {
	let mut definition = Definition::new(&case.subject.model);
	let answers: Vec<Answer> = case.requests.iter().map(|d| definition.answer(d)).collect();
	let known = Arc::new(definition.known);
	let run = |target| Run {
		case,
		target,
		known: known.clone(),
		seen: Arc::default(),
	};
	let mut seen = targets().iter().map(|target| run(target).serve(&answers));
	let first = seen.next().unwrap();
	assert!(
		seen.all(|seen| seen == first),
		"{case}: targets were asked different things"
	);
	first
}

/// A case on a target.
struct Run<'a> {
	case: &'a Case<'a>,
	target: &'a Target,
	known: Arc<HashMap<Hash, Step>>,
	seen: Arc<Mutex<Seen>>,
}

impl Run<'_> {
	fn serve(&self, expected: &[Answer]) -> Seen {
		let mut scheduler = self.scheduler();
		let submit = |decode| scheduler.submit(decode).unwrap();
		let jobs: Vec<JobId> = self.case.requests.iter().cloned().map(submit).collect();
		let mut answers = HashMap::new();
		while !scheduler.is_idle() {
			match scheduler.step() {
				Ok(all) => answers.extend(all.into_iter().filter_map(|p| Some((p.job, p.answer?)))),
				Err(error) => self.reopen(&mut scheduler, &error),
			}
		}
		for (job, expected) in jobs.iter().zip(expected) {
			assert!(
				answers[job] == *expected,
				"{}: {job:?} is answered otherwise",
				self.label()
			);
		}
		std::mem::take(&mut *self.seen.lock().unwrap())
	}

	fn scheduler(&self) -> Scheduler {
		let conditions = self.case.conditions;
		let options = Options {
			batch: conditions.batch,
			budget: conditions.chunk,
			reuse: conditions.reuse,
			..Options::default()
		};
		let lost_at = self.case.lost_at % self.known.len();
		let backend = match conditions.loss {
			true => self.backend_to_lose(lost_at),
			false => self.backend(self.target),
		};
		let model = &self.case.subject.model;
		Scheduler::new(backend, model.root, &model.shape, options)
	}

	/// Goes on after the one loss of the case; any other failure is one of the test.
	fn reopen(&self, scheduler: &mut Scheduler, error: &EngineError) {
		let lost = matches!(error, EngineError::Device(reason) if reason == LOST);
		assert!(lost, "{}: {error}", self.label());
		let open = || Ok(self.backend(&self.target.reopen()) as Box<dyn Backend>);
		scheduler.restart(open).unwrap();
	}

	/// On a device of its own, which others do not lose with it.
	fn backend_to_lose(&self, lost_at: usize) -> Box<dyn Backend> {
		let own = self.target.reopen();
		let mut backend = self.backend(&own);
		backend.loss = Some((own, lost_at));
		backend
	}

	fn backend(&self, target: &Target) -> Box<Checked> {
		Box::new(Checked {
			inner: target.backend(&self.case.subject.model, self.pages()),
			case: self.label(),
			known: self.known.clone(),
			everywhere: self.case.conditions.everywhere,
			ahead: self.case.conditions.ahead,
			loss: None,
			seen: self.seen.clone(),
			places: HashMap::new(),
		})
	}

	/// Pages for all requests at once.
	fn pages(&self) -> usize {
		let pages = |d: &Decode| pages_for(d.prompt.len() + d.max_tokens as usize);
		self.case.requests.iter().map(pages).sum()
	}

	fn label(&self) -> String {
		format!("{} on {}", self.case, self.target.name())
	}
}
