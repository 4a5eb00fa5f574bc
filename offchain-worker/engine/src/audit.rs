//! The audit of an answer: one teacher-forced pass over prompt and answer.
//!
//! Prefill and decode agree bit for bit, so whoever answers with the same model finds the same
//! residual at every position and chooses the same tokens; the first difference is where the claim
//! is wrong.

use crate::{
	backend::{feed, Backend, Chunk, HeadAt, Step, Want},
	hash::Hash,
	scheduler::{Decode, Finish},
	EngineError,
};

/// An answer as it is claimed.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
	/// What was asked for.
	pub decode: &'a Decode,
	/// Ids of the answer, with its stop token.
	pub answer: &'a [u32],
	/// Why it ended.
	pub finish: Finish,
	/// Residual hash of every position fed, where they are known; a trace root alone only tells
	/// whether all agree.
	pub residuals: Option<&'a [Hash]>,
}

/// What differs first at a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
	/// The residual before the head.
	Residual,
	/// The token chosen after it; the right one is this.
	Token(u32),
	/// The answer had to end there, or had to go on.
	End,
}

/// The outcome of an audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audit {
	/// The first position at which the claim is wrong, and how; none if it agrees.
	pub divergence: Option<(u32, Difference)>,
	/// The right residual hash of every position fed, for the trace root.
	pub residuals: Vec<Hash>,
}

/// Audits a claim in pages of the back end that nobody else uses; `context` is the model's.
///
/// # Errors
/// [`EngineError::EmptyPrompt`], and those of [`Backend::forward`] such as ids outside the
/// vocabulary.
pub fn audit(
	backend: &mut dyn Backend,
	pages: &[u32],
	claim: &Claim<'_>,
	context: u32,
) -> Result<Audit, EngineError> {
	let prompt = &claim.decode.prompt;
	if prompt.is_empty() {
		return Err(EngineError::EmptyPrompt);
	}
	let ids = [prompt, claim.answer].concat();
	let fed = ids.len() - usize::from(!claim.answer.is_empty());
	let mut auditor = Auditor {
		claim,
		ids: &ids,
		differences: [None; 3],
		residuals: Vec::new(),
	};
	let part = |ids, start: usize| Chunk {
		pages,
		start: start as u32,
		ids,
	};
	let (quiet, spoken) = ids[..fed].split_at(prompt.len() - 1);
	let (first, second) = (part(quiet, 0), part(spoken, quiet.len()));
	feed(backend, first, Want::TRACE, &mut |steps| {
		auditor.take(steps)
	})?;
	let want = Want {
		head: HeadAt::All,
		logits: claim.decode.needs_logits(),
	};
	feed(backend, second, want, &mut |steps| auditor.take(steps))?;
	auditor.differences[2] = end(claim, context);
	Ok(auditor.outcome())
}

struct Auditor<'a> {
	claim: &'a Claim<'a>,
	ids: &'a [u32],
	/// The first of each kind.
	differences: [Option<(u32, Difference)>; 3],
	residuals: Vec<Hash>,
}

impl Auditor<'_> {
	fn take(&mut self, steps: &[Step]) -> Result<(), EngineError> {
		steps.iter().for_each(|step| self.compare(step));
		Ok(())
	}

	fn compare(&mut self, step: &Step) {
		let position = step.position as usize;
		let claimed = self.claim.residuals.map(|all| all.get(position));
		if claimed.is_some_and(|claimed| claimed != Some(&step.residual_hash)) {
			self.note(0, step.position, Difference::Residual);
		}
		self.residuals.push(step.residual_hash);
		if position + 1 < self.claim.decode.prompt.len() {
			return;
		}
		let (so_far, after) = self.ids.split_at(position + 1);
		match (after.first(), self.claim.decode.choose(so_far, step)) {
			(Some(claimed), Some(right)) if *claimed != right => {
				self.note(1, step.position, Difference::Token(right));
			}
			_ => (),
		}
	}

	fn note(&mut self, kind: usize, position: u32, difference: Difference) {
		self.differences[kind].get_or_insert((position, difference));
	}

	/// At one position the residual comes before the token, and the token before the end.
	fn outcome(self) -> Audit {
		let found = self.differences.into_iter().flatten();
		let divergence = found.min_by_key(|(position, _)| *position);
		Audit {
			divergence,
			residuals: self.residuals,
		}
	}
}

/// Where the answer does not end as it must: the position after whose token it had to, or did.
fn end(claim: &Claim<'_>, context: u32) -> Option<(u32, Difference)> {
	let Claim {
		decode,
		answer,
		finish,
		..
	} = claim;
	let limit = decode.limit(context);
	let stops = |n: &usize| decode.stop(&answer[..*n]) > 0;
	let must_end = (1..=answer.len()).find(|n| *n >= limit || stops(n));
	let ends_well = match finish {
		Finish::Stop => stops(&answer.len()),
		Finish::Length => answer.len() == limit,
		Finish::Cancelled => true,
	};
	let at = match must_end {
		Some(n) if n < answer.len() => n,
		_ if !ends_well => answer.len(),
		_ => return None,
	};
	Some((
		(decode.prompt.len() + at).saturating_sub(1) as u32,
		Difference::End,
	))
}
