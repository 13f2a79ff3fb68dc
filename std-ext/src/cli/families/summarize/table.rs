//! The table of rows, and other numbers from files.

use crate::io::{ReadOptions, RowReader, find};
use crate::{Error, Real};
use std::path::Path;

/// All rows of an input, and where each came from.
pub(super) struct Table<T> {
    pub(super) data: Vec<T>,
    pub(super) columns: usize,
    names: Vec<String>,
    places: Vec<u64>,
    /// Numbers of the rows in the input, where some were left out.
    pub(super) indices: Option<Vec<u64>>,
    file: String,
    pub(super) warnings: Vec<String>,
}

impl<T: Real> Table<T> {
    /// Reads all rows; the column of labels, if there is one, apart.
    pub(super) fn read(mut reader: RowReader<T>, labels: Option<&str>) -> Result<(Self, Option<Vec<T>>), Error> {
        let (mut data, mut places, mut indices) = (Vec::new(), Vec::new(), Vec::new());
        gather(&mut reader, &mut data, &mut places, &mut indices)?;
        let is_gapless = (0..).zip(&indices).all(|(row, index)| row == *index);
        let indices = (!is_gapless).then_some(indices);
        let (mut names, file) = (reader.columns().to_vec(), reader.name().to_owned());
        reader.check_not_empty()?;
        let place =
            labels.map(|label| find(&names, Some(reader.positions()), label).map_err(|error| error.in_file(&file)));
        let mut apart = None;
        if let Some(place) = place.transpose()? {
            if names.len() == 1 {
                return Err(Error::request("no column is left beside that of --groups").in_file(&file));
            }
            let width = names.len();
            apart = Some(data.iter().skip(place).step_by(width).copied().collect());
            let rest = data.iter().enumerate().filter(|(entry, _)| entry % width != place);
            data = rest.map(|(_, &x)| x).collect();
            names.remove(place);
        }
        let table =
            Self { data, columns: names.len(), names, places, indices, file, warnings: reader.warnings().to_vec() };
        Ok((table, apart))
    }

    pub(super) fn rows(&self) -> usize {
        self.places.len()
    }

    pub(super) fn row(&self, row: usize) -> &[T] {
        &self.data[row * self.columns..][..self.columns]
    }

    /// Refuses the first entry that is not what it should be.
    pub(super) fn check(&self, holds: impl Fn(T) -> bool, what: &str) -> Result<(), Error> {
        match self.data.iter().position(|&x| !holds(x)) {
            None => Ok(()),
            Some(entry) => {
                let (row, column) = (entry / self.columns, entry % self.columns);
                Err(Error::data(what).at_row(self.places[row]).in_column(&self.names[column]).in_file(&self.file))
            }
        }
    }

    /// Says that a row is wrong.
    pub(super) fn refuse_row(&self, row: usize, what: String) -> Error {
        Error::data(what).at_row(self.places[row]).in_file(&self.file)
    }

    /// Says that the whole of it is wrong.
    pub(super) fn refuse(&self, what: String) -> Error {
        Error::data(what).in_file(&self.file)
    }
}

/// A number of elements, which ids must be able to hold.
pub(super) fn count(elements: usize) -> Result<u32, Error> {
    u32::try_from(elements).map_err(|_| Error::data("more than 4294967295 elements: take fewer"))
}

fn gather<T: Real>(
    reader: &mut RowReader<T>,
    data: &mut Vec<T>,
    places: &mut Vec<u64>,
    indices: &mut Vec<u64>,
) -> Result<(), Error> {
    loop {
        let rows = match reader.next_batch()? {
            Some(rows) => {
                data.extend_from_slice(rows.as_slice());
                rows.rows()
            }
            None => return Ok(()),
        };
        places.extend((0..rows).filter_map(|row| reader.place(row)));
        indices.extend((0..rows).filter_map(|row| reader.index(row)));
    }
}

/// Rows of a file of their own, as many numbers each as columns are asked for.
pub(super) fn rows_of_file<T: Real>(path: &Path, columns: usize) -> Result<Vec<T>, Error> {
    let mut reader = RowReader::open(path, &ReadOptions::new())?;
    let got = reader.columns().len();
    if got != columns {
        return Err(Error::data(format!("{got} columns, the input has {columns}")).in_file(path.display()));
    }
    let mut data = Vec::new();
    gather(&mut reader, &mut data, &mut Vec::new(), &mut Vec::new())?;
    Ok(data)
}

/// Weights from a file, as many as asked for.
pub(super) fn weights<T: Real>(path: &Path, count: usize) -> Result<Vec<T>, Error> {
    let mut reader = RowReader::<T>::open(path, &ReadOptions::new())?;
    let (mut data, mut places) = (Vec::new(), Vec::new());
    gather(&mut reader, &mut data, &mut places, &mut Vec::new())?;
    if data.len() != count {
        return Err(Error::data(format!("{} weights, {count} needed", data.len())).in_file(path.display()));
    }
    let columns = reader.columns().len().max(1);
    match data.iter().position(|&x| x < T::ZERO) {
        None => Ok(data),
        Some(entry) => {
            let place = places.get(entry / columns).copied().unwrap_or(0);
            Err(Error::data("negative weight: weights are from 0 up").at_row(place).in_file(path.display()))
        }
    }
}
