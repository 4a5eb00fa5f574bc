//! Whom a device is measured against.

use one_engine::bench::{Case, Mode, Report};

/// What another reached.
pub struct Peer {
	/// As what it is reported.
	pub name: &'static str,
	/// Tokens per second by mode and sequences side by side.
	pub cases: Vec<(Mode, usize, f64)>,
}

impl Peer {
	/// The engine's own CPU path.
	pub fn cpu(report: &Report) -> Self {
		let cases = report.cases.iter();
		Self {
			name: "cpu",
			cases: cases
				.map(|case| (case.mode, case.batch, case.tps))
				.collect(),
		}
	}

	/// Its tokens per second in a case that it was measured in.
	pub fn tps(&self, case: &Case) -> Option<f64> {
		let same =
			|(mode, batch, _): &&(Mode, usize, f64)| (*mode, *batch) == (case.mode, case.batch);
		self.cases.iter().find(same).map(|(_, _, tps)| *tps)
	}
}
