//! Tables and plots.

use crate::{
	measure::{in_gcu, in_one, in_parts, in_usdc, Row, Tally},
	year::Outcome,
};
use one_primitives::Usdc;
use serde_json::{json, Value};
use std::{fmt::Write as _, fs, io, path::Path};

/// A column of a scenario's table.
type Column = (&'static str, fn(&Row) -> f64);

const COLUMNS: &[Column] = &[
	("one_price_usdc", |row| row.price),
	("fees_one", |row| in_one(row.tally.fees)),
	("fee_pot_one", |row| in_one(row.fee_pot)),
	("sold_one", |row| in_one(row.tally.sold)),
	("proceeds_usdc", |row| in_usdc(row.tally.proceeds)),
	("credit_pot_usdc", |row| in_usdc(row.credit_pot)),
	("day_pots_usdc", |row| in_usdc(row.day_pots)),
	("escrow_usdc", |row| in_usdc(row.escrow)),
	("earnings_usdc", |row| in_usdc(row.earnings)),
	("credit_rate", |row| in_parts(row.rate)),
	("promised_gcu", |row| in_gcu(row.promised)),
	("included_usdc", |row| in_usdc(row.tally.included)),
	("dedicated_usdc", |row| in_usdc(row.tally.dedicated)),
	("paid_usdc", |row| in_usdc(row.tally.paid)),
	("cartel_usdc", |row| in_usdc(row.tally.captured)),
	("stipends_usdc", |row| in_usdc(row.tally.stipends)),
	("insiders_usdc", |row| in_usdc(row.tally.insiders)),
	("cartel_jobs", |row| row.tally.cartel_jobs.into()),
	("jobs_served", |row| row.tally.served.into()),
	("jobs_unserved", |row| row.tally.unserved.into()),
	("jobs_requeued", |row| row.tally.requeued.into()),
	("jobs_refused", |row| row.tally.refused.into()),
	("wait_s", |row| row.tally.wait()),
	("operators", |row| row.operators.into()),
	("slots", |row| row.slots.into()),
	("voucher_backing", |row| row.backing),
	("fees_per_gcu_one", |row| row.fees_per_gcu),
];

/// A column of the table of all scenarios: its width and decimals.
type Total = (&'static str, usize, usize, fn(&Outcome) -> f64);

const TOTALS: &[Total] = &[
	("days", 5, 0, |it| it.rows.len() as f64),
	("unbacked", 9, 0, |it| it.faults.unbacked.into()),
	("stalled", 8, 0, |it| it.faults.stalled.into()),
	("min rate", 9, 4, Outcome::min_rate),
	("end rate", 9, 4, Outcome::end_rate),
	("included$", 10, 0, |it| it.usdc(|tally| tally.included)),
	("dedicated$", 11, 0, |it| it.usdc(|tally| tally.dedicated)),
	("paid$", 8, 0, |it| it.usdc(|tally| tally.paid)),
	("stipends$", 10, 0, |it| it.usdc(|tally| tally.stipends)),
	("insiders$", 10, 0, |it| it.usdc(|tally| tally.insiders)),
	("cartel$", 8, 0, |it| it.usdc(|tally| tally.captured)),
	("cartel jobs", 12, 0, |it| {
		it.count(|tally| tally.cartel_jobs)
	}),
	("backing", 8, 4, Outcome::backing),
	("served", 7, 0, |it| it.count(|tally| tally.served)),
	("unserved", 9, 0, |it| it.count(|tally| tally.unserved)),
	("requeued", 9, 0, |it| it.count(|tally| tally.requeued)),
	("refused", 8, 0, |it| it.count(|tally| tally.refused)),
	("wait s", 7, 1, Outcome::wait),
];

/// Plots of a scenario, each with its lines.
const PLOTS: &[(&str, &[Column])] = &[
	(
		"pots, USDC",
		&[
			("credit", |row| in_usdc(row.credit_pot)),
			("days", |row| in_usdc(row.day_pots)),
			("earnings", |row| in_usdc(row.earnings)),
			("escrow", |row| in_usdc(row.escrow)),
		],
	),
	("fee pot, ONE", &[("fee pot", |row| in_one(row.fee_pot))]),
	("credit rate", &[("rate", |row| in_parts(row.rate))]),
	(
		"earned by workers a day, USDC",
		&[
			("included", |row| in_usdc(row.tally.included)),
			("dedicated", |row| in_usdc(row.tally.dedicated)),
		],
	),
	("voucher backing", &[("backing", |row| row.backing)]),
	(
		"jobs a day",
		&[
			("served", |row| row.tally.served.into()),
			("unserved", |row| row.tally.unserved.into()),
			("refused", |row| row.tally.refused.into()),
			("requeued", |row| row.tally.requeued.into()),
		],
	),
	("wait for a slot, s", &[("wait", |row| row.tally.wait())]),
	(
		"fees for a credit of 10^9 CU, ONE",
		&[("fees", |row| row.fees_per_gcu)],
	),
];

const COLOURS: [&str; 4] = ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728"];
const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 130.0;
const MARGIN: f64 = 30.0;

impl Outcome {
	/// The worst rate of a day.
	fn min_rate(&self) -> f64 {
		self.least(|row| in_parts(row.rate))
	}

	fn backing(&self) -> f64 {
		self.least(|row| row.backing)
	}

	fn least(&self, of: fn(&Row) -> f64) -> f64 {
		self.rows.iter().map(of).fold(1.0, f64::min)
	}

	/// Seconds for which a job waited, on average over the days.
	fn wait(&self) -> f64 {
		let (waited, assigned) = self.rows.iter().fold((0, 0), |(waited, assigned), row| {
			(waited + row.tally.waited, assigned + row.tally.assigned)
		});
		waited as f64 / 1e3 / f64::from(assigned.max(1))
	}

	fn end_rate(&self) -> f64 {
		self.rows.last().map_or(0.0, |row| in_parts(row.rate))
	}

	/// Micro-USDC of all days.
	pub fn sum(&self, of: fn(&Tally) -> Usdc) -> Usdc {
		self.rows.iter().map(|row| of(&row.tally)).sum()
	}

	fn usdc(&self, of: fn(&Tally) -> Usdc) -> f64 {
		in_usdc(self.sum(of))
	}

	fn count(&self, of: fn(&Tally) -> u32) -> f64 {
		self.rows.iter().map(|row| f64::from(of(&row.tally))).sum()
	}

	/// The numbers that a check reads.
	fn summary(&self) -> Value {
		json!({
			"name": self.name,
			"days": self.rows.len(),
			"unbacked_promises": self.faults.unbacked,
			"stalled_settlements": self.faults.stalled,
			"min_credit_rate": self.min_rate(),
			"worker_usdc": self.sum(|tally| tally.paid).to_string(),
			"voucher_backing": self.backing(),
		})
	}

	fn line(&self) -> String {
		let values = TOTALS.iter();
		let values = values.map(|(_, width, decimals, of)| {
			let (width, decimals) = (*width, *decimals);
			format!("{:>width$.decimals$}", of(self))
		});
		format!("{:<18}{}", self.name, values.collect::<String>())
	}

	fn csv(&self) -> String {
		let names = COLUMNS.iter().map(|(name, _)| format!(",{name}"));
		let mut csv = format!("day{}\n", names.collect::<String>());
		for row in &self.rows {
			let values = COLUMNS.iter().map(|(_, of)| format!(",{:.6}", of(row)));
			csv += &format!("{}{}\n", row.day, values.collect::<String>());
		}
		csv
	}

	fn svg(&self) -> String {
		let panels = PLOTS.iter().enumerate();
		let panels: String = panels
			.map(|(index, (title, lines))| {
				self.panel(
					index as f64 * (HEIGHT + 2.0 * MARGIN) + MARGIN,
					title,
					lines,
				)
			})
			.collect();
		let height = PLOTS.len() as f64 * (HEIGHT + 2.0 * MARGIN);
		format!(
			"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{height}\" \
			 font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" \
			 fill=\"white\"/>\n{panels}</svg>\n",
			WIDTH + 2.0 * MARGIN,
		)
	}

	fn panel(&self, top: f64, title: &str, lines: &[Column]) -> String {
		let values = lines.iter().flat_map(|(_, of)| self.rows.iter().map(of));
		let most = values.fold(0.0, f64::max).max(1e-9);
		let mut svg = format!(
			"<text x=\"{MARGIN}\" y=\"{}\">{}: {title} (up to {most:.4})</text>\n\
			 <rect x=\"{MARGIN}\" y=\"{top}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"none\" \
			 stroke=\"#bbb\"/>\n",
			top - 5.0,
			self.name,
		);
		for (index, (name, of)) in lines.iter().enumerate() {
			let colour = COLOURS[index % COLOURS.len()];
			let points = self.points(top, most, *of);
			let (x, y) = (MARGIN + 300.0 + 90.0 * index as f64, top - 5.0);
			let _ = writeln!(
				svg,
				"<polyline fill=\"none\" stroke=\"{colour}\" points=\"{points}\"/>\n\
				 <text x=\"{x}\" y=\"{y}\" fill=\"{colour}\">{name}</text>"
			);
		}
		svg
	}

	fn points(&self, top: f64, most: f64, of: fn(&Row) -> f64) -> String {
		let step = WIDTH / self.rows.len().max(2) as f64;
		let points = self.rows.iter().enumerate().map(|(index, row)| {
			let (x, y) = (index as f64 * step, of(row) / most * HEIGHT);
			format!("{:.1},{:.1} ", MARGIN + x, top + HEIGHT - y)
		});
		points.collect()
	}
}

/// One line for each scenario.
pub fn table(outcomes: &[Outcome]) -> String {
	let names = TOTALS.iter();
	let names = names.map(|(name, width, ..)| format!("{name:>width$}"));
	let mut table = format!("{:<18}{}\n", "scenario", names.collect::<String>());
	for outcome in outcomes {
		table += &outcome.line();
		table.push('\n');
	}
	table
}

/// All scenarios in one line.
pub fn summary(outcomes: &[Outcome]) -> Value {
	let scenarios: Vec<_> = outcomes.iter().map(Outcome::summary).collect();
	json!({ "scenarios": scenarios })
}

/// Writes a table and plots of each scenario into `folder`.
///
/// # Errors
/// If the folder cannot be written to.
pub fn write(folder: &Path, outcomes: &[Outcome]) -> io::Result<()> {
	fs::create_dir_all(folder)?;
	fs::write(folder.join("table.txt"), table(outcomes))?;
	for outcome in outcomes {
		fs::write(folder.join(format!("{}.csv", outcome.name)), outcome.csv())?;
		fs::write(folder.join(format!("{}.svg", outcome.name)), outcome.svg())?;
	}
	Ok(())
}
