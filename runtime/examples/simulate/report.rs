//! Tables and plots.

use crate::{
	measure::{in_gcu, in_one, in_parts, in_usdc, Row},
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
	("jobs_served", |row| row.tally.served.into()),
	("jobs_unserved", |row| row.tally.unserved.into()),
	("voucher_backing", |row| row.backing),
	("fees_per_gcu_one", |row| row.fees_per_gcu),
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

	/// Micro-USDC that all workers were paid.
	fn paid(&self) -> Usdc {
		self.sum(|row| row.tally.paid)
	}

	fn sum(&self, of: fn(&Row) -> Usdc) -> Usdc {
		self.rows.iter().map(of).sum()
	}

	/// The numbers that a check reads.
	fn summary(&self) -> Value {
		json!({
			"name": self.name,
			"days": self.rows.len(),
			"unbacked_promises": self.faults.unbacked,
			"stalled_settlements": self.faults.stalled,
			"min_credit_rate": self.min_rate(),
			"worker_usdc": self.paid().to_string(),
			"voucher_backing": self.backing(),
		})
	}

	fn line(&self) -> String {
		let last = self.rows.last();
		let unserved: u32 = self.rows.iter().map(|row| row.tally.unserved).sum();
		let served: u32 = self.rows.iter().map(|row| row.tally.served).sum();
		format!(
			"{:<18}{:>5}{:>9}{:>8}{:>9.4}{:>9.4}{:>10.0}{:>10.0}{:>9.0}{:>9.0}{:>9.4}{:>8}{:>9}",
			self.name,
			self.rows.len(),
			self.faults.unbacked,
			self.faults.stalled,
			self.min_rate(),
			last.map_or(0.0, |row| in_parts(row.rate)),
			in_usdc(self.sum(|row| row.tally.included)),
			in_usdc(self.sum(|row| row.tally.dedicated)),
			in_usdc(self.paid()),
			in_usdc(self.sum(|row| row.tally.captured)),
			self.backing(),
			served,
			unserved,
		)
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
	let mut table = format!(
		"{:<18}{:>5}{:>9}{:>8}{:>9}{:>9}{:>10}{:>10}{:>9}{:>9}{:>9}{:>8}{:>9}\n",
		"scenario",
		"days",
		"unbacked",
		"stalled",
		"min rate",
		"end rate",
		"included$",
		"dedicated$",
		"paid$",
		"cartel$",
		"backing",
		"served",
		"unserved",
	);
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
