//! Rows in order, of which only some are held: those of a window, or those that a sieve keeps.

use super::super::Failure;
use super::super::args::{Objective, SummarizeArguments};
use super::super::input::open_columns;
use super::super::output::Times;
use super::engine::{Engine, Task};
use super::objective::{About, Form, Worth};
use super::outcome::Outcome;
use super::pool::Pool;
use super::source;
use crate::io::RowReader;
use crate::submodular::Counted;
use crate::{CoreError, Error, Real};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use std::path::Path;

/// Whether only some rows are held at a time.
pub(super) fn are_held_in_part(arguments: &SummarizeArguments) -> bool {
    let is_given_kernel = arguments.objective == Objective::Logdet && arguments.similarity.as_deref() == Some("given");
    let is_plain = arguments.edges.is_none() && arguments.groups.is_none() && arguments.updates.is_none();
    let is_piped_sieve = is_stream(arguments) && arguments.selector().forgets();
    is_plain && !is_given_kernel && (arguments.window.is_some() || is_piped_sieve)
}

fn is_stream(arguments: &SummarizeArguments) -> bool {
    arguments.input.input == Path::new("-")
}

/// Where rows come from, one after the other.
enum Source<T> {
    /// All were read, and became what is compared.
    Memory { rows: Vec<T>, next: usize },
    /// They become that one by one.
    Stream(Box<Stream<T>>),
}

struct Stream<T> {
    reader: RowReader<T>,
    form: Form<T>,
    batch: Vec<T>,
    /// Where each row of the batch came from.
    places: Vec<u64>,
    next: usize,
}

impl<T: Real> Source<T> {
    /// Whether there is another row.
    fn has_next(&mut self, stride: usize) -> Result<bool, Error> {
        match self {
            Self::Memory { rows, next } => Ok((*next + 1) * stride <= rows.len()),
            Self::Stream(stream) => stream.has_next(),
        }
    }

    /// Writes the next row into a slot; whether there is one.
    fn next(&mut self, pool: &Pool<'_, T>, stride: usize, slot: usize) -> Result<bool, Error> {
        if !self.has_next(stride)? {
            return Ok(false);
        }
        match self {
            Self::Memory { rows, next } => {
                pool.write(slot, |to| to.copy_from_slice(&rows[*next * stride..][..stride]))?;
                *next += 1;
            }
            Self::Stream(stream) => stream.write(pool, slot)?,
        }
        Ok(true)
    }

    /// Where the last row came from, in a stream.
    fn place(&self) -> Option<(u64, &str)> {
        match self {
            Self::Memory { .. } => None,
            Self::Stream(stream) => Some((stream.places[stream.next - 1], stream.reader.name())),
        }
    }

    fn warnings(&self) -> &[String] {
        match self {
            Self::Memory { .. } => &[],
            Self::Stream(stream) => stream.reader.warnings(),
        }
    }
}

impl<T: Real> Stream<T> {
    /// Whether there is another row; reads more if need be.
    fn has_next(&mut self) -> Result<bool, Error> {
        if self.next < self.places.len() {
            return Ok(true);
        }
        self.batch.clear();
        self.places.clear();
        self.next = 0;
        let rows = match self.reader.next_batch()? {
            Some(rows) => {
                self.batch.extend_from_slice(rows.as_slice());
                rows.rows()
            }
            None => return Ok(false),
        };
        self.places.extend((0..rows).map(|row| self.reader.place(row).unwrap_or(0)));
        Ok(rows > 0)
    }

    fn write(&mut self, pool: &Pool<'_, T>, slot: usize) -> Result<(), Error> {
        let columns = self.batch.len() / self.places.len();
        let row = &self.batch[self.next * columns..][..columns];
        let at = |error: Error| error.at_row(self.places[self.next]).in_file(self.reader.name());
        if let Some((column, what)) = self.form.fault(row) {
            return Err(at(Error::data(what)).in_column(&self.reader.columns()[column]));
        }
        pool.write(slot, |to| self.form.write(row, to)).map_err(|error| at(error.into()))?;
        self.next += 1;
        Ok(())
    }
}

pub(super) fn run<T: Real>(arguments: &SummarizeArguments) -> Result<(Outcome, About), Failure> {
    let (shape, mut from, mut about) = if is_stream(arguments) {
        let reader = open_columns::<T>(&arguments.input, arguments.input.columns.as_deref())?;
        let dim = reader.columns().len();
        let (shape, form) = Form::new(arguments, dim)?;
        let gamma = form.gamma;
        let mut stream = Box::new(Stream { reader, form, batch: Vec::new(), places: Vec::new(), next: 0 });
        if !stream.has_next()? {
            return Err(Error::from(CoreError::TooFewRows { needed: 1, got: 0 }).in_file(stream.reader.name()).into());
        }
        let about = About { elements: 0, dim, gamma, names: None, groups: None, warnings: Vec::new() };
        (shape, Source::Stream(stream), about)
    } else {
        let worth = Worth::<T>::new(arguments)?;
        let Some((own, rows, told)) = worth.into_rows() else { return Err(CoreError::Incompatible.into()) };
        (own, Source::Memory { rows, next: 0 }, told)
    };
    let capacity = arguments.window.map_or(0, |window| window as usize);
    // A window may be longer than all there is.
    let capacity = if about.elements > 0 { capacity.min(about.elements) } else { capacity };
    let oracle = Counted::new(Pool::new(&shape, capacity)?);
    let size = about.size(arguments)?;
    // A sieve asks for no room.
    let elements = if arguments.window.is_some() { capacity } else { size };
    let task = Task { arguments, elements, size, groups: None };
    let mut engine = task.engine::<T, Pool<'_, T>>(&oracle)?;
    let (mut outcome, mut times) = (Outcome::new(arguments, size), Times::default());
    let mut numbers = vec![0; capacity];
    let played = times.count(|| {
        let mut run = Run { engine: engine.as_mut(), oracle: &oracle, numbers: &mut numbers };
        run.play(arguments, &mut from, shape.stride, &mut outcome)
    });
    let rows = played?;
    outcome.close(arguments, engine.as_ref(), &oracle);
    outcome.times = times;
    about.elements = rows;
    about.warnings.extend_from_slice(from.warnings());
    about.names = Some(numbers);
    Ok((outcome, about))
}

struct Run<'r, 'a, T> {
    engine: &'r mut dyn Engine<Pool<'a, T>>,
    oracle: &'r Counted<Pool<'a, T>>,
    /// The number of the row in each slot.
    numbers: &'r mut Vec<u64>,
}

impl<T: Real> Run<'_, '_, T> {
    /// Goes through the rows; their number.
    fn play(
        &mut self,
        arguments: &SummarizeArguments,
        from: &mut Source<T>,
        stride: usize,
        outcome: &mut Outcome,
    ) -> Result<usize, Failure> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(arguments.input.seed);
        let every = arguments.query_every.unwrap_or(u64::from(arguments.selector().is_dynamic()));
        let window = arguments.window.map(|_| self.numbers.len());
        let (mut row, mut free, mut is_answered) = (0, Vec::new(), false);
        loop {
            let slot = match window {
                Some(window) => row % window,
                None => self.free_slot(&mut free),
            };
            // The row that goes is still needed to let it go.
            let evicts = window.is_some_and(|window| row >= window);
            if evicts && !from.has_next(stride)? {
                break;
            }
            #[allow(clippy::cast_possible_truncation, reason = "slots are counted in u32 by the window's flag")]
            let id = slot as u32;
            if evicts {
                self.engine.delete(self.oracle, id, &mut rng)?;
                outcome.updates += 1;
            }
            if !from.next(self.oracle.inner(), stride, slot)? {
                break;
            }
            if slot == self.numbers.len() {
                self.numbers.push(0);
            }
            self.numbers[slot] = row as u64;
            self.engine.insert(self.oracle, id, &mut rng).map_err(|error| match from.place() {
                Some((place, name)) => Error::from(error).at_row(place).in_file(name),
                None => Error::from(error).in_file(source(arguments).display()),
            })?;
            outcome.updates += 1;
            if window.is_none() && !self.engine.keeps(id) {
                free.push(slot);
            }
            row += 1;
            is_answered = every > 0 && (row as u64).is_multiple_of(every);
            if is_answered {
                outcome.ask(self.engine, self.oracle, &mut rng, Some(self.numbers))?;
            }
        }
        if !is_answered {
            outcome.ask(self.engine, self.oracle, &mut rng, Some(self.numbers))?;
        }
        Ok(row)
    }

    /// A slot whose row no sieve keeps, or a new one.
    fn free_slot(&self, free: &mut Vec<usize>) -> usize {
        let slots = self.numbers.len();
        if free.is_empty() && slots >= 64 && slots.is_power_of_two() {
            #[allow(clippy::cast_possible_truncation, reason = "ids of elements")]
            let unused = (0..slots).rev().filter(|&slot| !self.engine.keeps(slot as u32));
            free.extend(unused);
        }
        free.pop().unwrap_or(slots)
    }
}
