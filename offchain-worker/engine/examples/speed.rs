//! Tokens per second of a model on each device: `cargo run --release --example speed -- FOLDER`.

use std::{path::PathBuf, sync::Arc, time::Instant};

use one_engine::{
	cpu::CpuBackend,
	gpu::{adapters, Gpu, GpuBackend},
	source::resolve,
	Backend, CacheSize, Chunk, EngineError, Model, Want, PAGE,
};

/// Tokens of a prompt, and of an answer.
const TOKENS: usize = 128;
/// Sequences side by side.
const PARALLEL: usize = 8;

fn main() -> Result<(), EngineError> {
	let Some(path) = std::env::args_os().nth(1).map(PathBuf::from) else {
		println!("usage: speed FOLDER");
		return Ok(());
	};
	let model = Arc::new(resolve(&path, &mut |_, _| ())?.model()?);
	let pages = CacheSize::Sequences(PARALLEL).pages(&model.shape);
	measure(&mut CpuBackend::new(model.clone(), pages), &model)?;
	for index in 0..adapters().len() {
		let start = Instant::now();
		let gpu = Gpu::open(Some(index))?;
		println!("{}: opened in {:.2?}", gpu.adapter().name, start.elapsed());
		measure(&mut GpuBackend::new(&gpu, &model, pages)?, &model)?;
	}
	Ok(())
}

fn measure(backend: &mut dyn Backend, model: &Model) -> Result<(), EngineError> {
	let tokens = TOKENS.min(model.shape.context as usize / 2);
	let prompt: Vec<u32> = (0..tokens as u32)
		.map(|i| i * i % model.shape.vocab)
		.collect();
	let each = (2 * tokens).div_ceil(PAGE) as u32;
	for parallel in [1, PARALLEL] {
		let tables: Vec<Vec<u32>> = (0..parallel as u32)
			.map(|i| (i * each..(i + 1) * each).collect())
			.collect();
		let mut feed = |start: usize, ids: &[u32]| {
			let chunk = |pages| Chunk {
				pages,
				start: start as u32,
				ids,
			};
			let chunks: Vec<_> = tables.iter().map(|pages| chunk(pages)).collect();
			backend.forward(&chunks, Want::NEXT).map(drop)
		};
		let prefill = seconds(|| feed(0, &prompt))?;
		let mut decode = (tokens..).zip(&prompt);
		let decode = seconds(|| decode.try_for_each(|(start, id)| feed(start, &[*id])))?;
		let rate = |seconds: f64| (tokens * parallel) as f64 / seconds;
		println!(
			"{}: {parallel} sequences: prefill {:.0}, decode {:.0} tokens per second",
			backend.device(),
			rate(prefill),
			rate(decode),
		);
	}
	Ok(())
}

fn seconds(run: impl FnOnce() -> Result<(), EngineError>) -> Result<f64, EngineError> {
	let start = Instant::now();
	run()?;
	Ok(start.elapsed().as_secs_f64())
}
