//! Rows of numbers, a batch at a time.

use super::batch::Batch;
#[cfg(feature = "csv")]
use super::csv;
#[cfg(feature = "ndjson")]
use super::ndjson;
#[cfg(feature = "npy")]
use super::npy;
use super::options::ReadOptions;
#[cfg(feature = "parquet")]
use super::parquet;
use super::signature;
use super::source::Source;
use crate::{Error, MatRef, Real};
use std::fs::File;
use std::io::Read;
#[cfg(any(feature = "npy", feature = "parquet"))]
use std::io::Seek;
use std::path::Path;

/// Bytes of scalars in a batch: half of a common second-level cache.
const BATCH_BYTES: usize = 1 << 18;

/// Rows of numbers, in order, a batch at a time: at most 256 KiB of scalars are held, whatever the size of the input.
///
/// # Example
/// ```
/// use sketchlet::io::{ReadOptions, RowReader};
/// let text = "x,y,label\n1,2,a\n3,4,b\n";
/// let options = ReadOptions::new().columns(["y", "0"]);
/// let mut rows = RowReader::<f32>::from_csv(text.as_bytes(), "demo.csv", &options)?;
/// assert_eq!(rows.columns(), ["y", "x"]);
/// let batch = rows.next_batch()?.unwrap();
/// assert_eq!(batch.as_slice(), [2.0, 1.0, 4.0, 3.0]);
/// assert!(rows.next_batch()?.is_none());
/// # Ok::<(), sketchlet::Error>(())
/// ```
pub struct RowReader<T> {
    source: Box<dyn Source<T>>,
    name: String,
    batch: Batch<T>,
    /// Rows that were put back, to be read again first.
    head: Batch<T>,
    rows: usize,
    /// Rows that were read.
    count: u64,
    /// What looked odd from the beginning.
    first_warnings: Vec<String>,
    warnings: Vec<String>,
}

impl<T> std::fmt::Debug for RowReader<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowReader").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<T: Real> RowReader<T> {
    /// Opens a file, whose form its extension tells.
    ///
    /// # Errors
    /// If the file can't be opened, is of an unknown form, or begins with something that is not its form.
    pub fn open(path: &Path, options: &ReadOptions) -> Result<Self, Error> {
        let name = path.display().to_string();
        let extension = path.extension().and_then(|x| x.to_str()).unwrap_or_default().to_ascii_lowercase();
        let open = || -> Result<File, Error> {
            let file = File::open(path)?;
            if file.metadata()?.is_dir() {
                return Err(Error::data("is a directory: give a file"));
            }
            Ok(file)
        };
        let reader = match extension.as_str() {
            #[cfg(feature = "csv")]
            "csv" => open().and_then(|file| Self::from_csv(file, &name, options)),
            #[cfg(feature = "csv")]
            "tsv" => open().and_then(|file| Self::from_csv(file, &name, &options.clone().tabs())),
            #[cfg(feature = "npy")]
            "npy" => open().and_then(|file| Self::from_npy(file, &name, options)),
            #[cfg(feature = "ndjson")]
            "ndjson" | "jsonl" => open().and_then(|file| Self::from_ndjson(file, &name, options)),
            #[cfg(feature = "parquet")]
            "parquet" => open().and_then(|file| Self::from_parquet(file, &name, options)),
            known if ["csv", "tsv", "npy", "ndjson", "jsonl", "parquet"].contains(&known) => {
                Err(Error::data(format!("this build can't read .{known} files: build with the feature of that form")))
            }
            other => Err(Error::data(signature::unknown(other))),
        };
        reader.map_err(|error| error.in_file(name))
    }

    /// Reads CSV from anything that yields bytes, such as standard input; `name` stands for it in errors. TSV is CSV whose
    /// [delimiter](ReadOptions::delimiter) is a tab.
    ///
    /// # Errors
    /// If it is no text, if there is not even a header row, or the columns asked for are not in it.
    ///
    /// # Example
    /// ```
    /// use sketchlet::io::{ReadOptions, RowReader};
    /// let options = ReadOptions::new().delimiter(b'\t').comment(b'#');
    /// let mut rows = RowReader::<f64>::from_csv("# made today\nx\ty\n1\t2\n".as_bytes(), "a pipe", &options)?;
    /// assert_eq!(rows.next_batch()?.unwrap().as_slice(), [1.0, 2.0]);
    /// # Ok::<(), sketchlet::Error>(())
    /// ```
    #[cfg(feature = "csv")]
    #[cfg_attr(docsrs, doc(cfg(feature = "csv")))]
    pub fn from_csv(input: impl Read + Send + 'static, name: &str, options: &ReadOptions) -> Result<Self, Error> {
        let source = csv::Csv::new(input, options).map_err(|error| error.in_file(name))?;
        let first_warnings = source.warnings();
        let mut reader = Self { first_warnings, ..Self::new(source, name) };
        reader.warn();
        Ok(reader)
    }

    /// Reads JSON lines from anything that yields bytes: an array or object of numbers a line; `name` stands for it in errors.
    ///
    /// # Errors
    /// If it is no text, if there is no row, if the first is no JSON, or the columns asked for are not in it.
    ///
    /// # Example
    /// ```
    /// use sketchlet::io::{ReadOptions, RowReader};
    /// let text = "{\"x\": 1, \"y\": 2}\n{\"y\": 4, \"x\": 3}\n";
    /// let mut rows = RowReader::<f64>::from_ndjson(text.as_bytes(), "a pipe", &ReadOptions::new())?;
    /// assert_eq!(rows.next_batch()?.unwrap().as_slice(), [1.0, 2.0, 3.0, 4.0]);
    /// # Ok::<(), sketchlet::Error>(())
    /// ```
    #[cfg(feature = "ndjson")]
    #[cfg_attr(docsrs, doc(cfg(feature = "ndjson")))]
    pub fn from_ndjson(input: impl Read + Send + 'static, name: &str, options: &ReadOptions) -> Result<Self, Error> {
        let source = ndjson::Ndjson::new(input, options).map_err(|error| error.in_file(name))?;
        Ok(Self::new(source, name))
    }

    /// Reads a NumPy array (`.npy`), from its beginning; `name` stands for it in errors. Bytes in memory are an input as
    /// [`Cursor`](std::io::Cursor).
    ///
    /// # Errors
    /// If it is no whole array of one or two dimensions, of numbers that are [read](super), or the columns asked for are not in it.
    ///
    /// # Example
    /// ```
    /// use sketchlet::io::{ReadOptions, RowReader};
    /// let header = "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 2), }\n";
    /// let head = [&b"\x93NUMPY\x01\x00"[..], &[header.len() as u8, 0]].concat();
    /// let array = [&head[..], header.as_bytes(), &[1, 2, 3, 4]].concat();
    /// let mut rows = RowReader::<f64>::from_npy(std::io::Cursor::new(array), "an array", &ReadOptions::new())?;
    /// assert_eq!(rows.next_batch()?.unwrap().as_slice(), [1.0, 2.0, 3.0, 4.0]);
    /// # Ok::<(), sketchlet::Error>(())
    /// ```
    #[cfg(feature = "npy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "npy")))]
    pub fn from_npy(
        input: impl Read + Seek + Send + 'static,
        name: &str,
        options: &ReadOptions,
    ) -> Result<Self, Error> {
        let source = npy::Npy::new(input, options).map_err(|error| error.in_file(name))?;
        Ok(Self::new(source, name))
    }

    /// Reads a Parquet table, from its beginning; `name` stands for it in errors.
    ///
    /// # Errors
    /// If it is no sound table, if a column asked for holds no numbers, or is not in it.
    ///
    /// # Example
    /// ```no_run
    /// use sketchlet::io::{ReadOptions, RowReader};
    /// # let received: Vec<u8> = Vec::new();
    /// let table = std::io::Cursor::new(received);
    /// let mut rows = RowReader::<f64>::from_parquet(table, "a table", &ReadOptions::new().columns(["x", "y"]))?;
    /// while let Some(batch) = rows.next_batch()? {
    ///     println!("{} rows", batch.rows());
    /// }
    /// # Ok::<(), sketchlet::Error>(())
    /// ```
    #[cfg(feature = "parquet")]
    #[cfg_attr(docsrs, doc(cfg(feature = "parquet")))]
    pub fn from_parquet(
        input: impl Read + Seek + Send + 'static,
        name: &str,
        options: &ReadOptions,
    ) -> Result<Self, Error> {
        let source = parquet::Parquet::new(input, options).map_err(|error| error.in_file(name))?;
        Ok(Self::new(source, name))
    }

    fn new(source: impl Source<T> + 'static, name: &str) -> Self {
        let rows = (BATCH_BYTES / T::BYTES / source.layout().names.len().max(1)).max(1);
        let (source, name) = (Box::new(source), name.to_owned());
        let (first_warnings, warnings) = (Vec::new(), Vec::new());
        let mut reader = Self {
            source,
            name,
            batch: Batch::default(),
            head: Batch::default(),
            rows,
            count: 0,
            first_warnings,
            warnings,
        };
        reader.warn();
        reader
    }

    /// Notes what there is to be said until now.
    fn warn(&mut self) {
        let all = self.first_warnings.iter().cloned().chain(self.source.layout().warnings(self.count));
        self.warnings = all.map(|warning| format!("{}: {warning}", self.name)).collect();
    }

    /// Refuses an input of which no row is left.
    #[cfg(feature = "cli")]
    pub(crate) fn check_not_empty(&self) -> Result<(), Error> {
        if self.count > 0 {
            return Ok(());
        }
        let what = match self.source.layout().dropped() {
            0 => "there are names of columns but no rows: give rows of numbers".into(),
            1 => "the only row was dropped: a value is missing in it".into(),
            rows => format!(
                "all {rows} rows were dropped: a value is missing in each, so choose other columns or use --missing zero"
            ),
        };
        Err(Error::data(what).in_file(&self.name))
    }

    /// Rows of a batch of [`next_batch`](Self::next_batch).
    pub const fn batch_rows(&self) -> usize {
        self.rows
    }

    /// Names of the columns, in the order of the entries of a row.
    pub fn columns(&self) -> &[String] {
        &self.source.layout().names
    }

    /// Positions of those columns in the input, from 0.
    pub fn positions(&self) -> &[usize] {
        &self.source.layout().taken
    }

    /// Where a row of the last batch of [`next_batch`](Self::next_batch) came from: its line in an input that has lines, else its
    /// number, counted from 1.
    pub fn place(&self, row: usize) -> Option<u64> {
        self.batch.place(row)
    }

    /// The number of such a row among those of the input, counted from 0; rows that were left out count.
    pub fn index(&self, row: usize) -> Option<u64> {
        self.batch.index(row)
    }

    /// Name of the input, as errors show it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What looks odd about the input without being wrong, and what was left out of it until now: columns, rows, missing values that
    /// became zero.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The next rows, as many as a batch holds; `None` at the end.
    ///
    /// # Errors
    /// If the input is damaged, or a cell is not a finite number: the error names row and column.
    pub fn next_batch(&mut self) -> Result<Option<MatRef<'_, T>>, Error> {
        let mut batch = core::mem::take(&mut self.batch);
        let read = self.read_into(&mut batch, self.rows);
        self.batch = batch;
        Ok((read? > 0).then(|| self.batch.rows()))
    }

    /// Reads so many rows, fewer only at the end, in place of those that the batch holds; gives their number. Before an error, the
    /// batch has the rows that come before it.
    ///
    /// # Errors
    /// Those of [`next_batch`](Self::next_batch).
    pub fn read_into(&mut self, batch: &mut Batch<T>, rows: usize) -> Result<usize, Error> {
        let Batch { entries, places, columns } = batch;
        entries.clear();
        places.clear();
        *columns = self.source.layout().names.len();
        self.head.give(entries, places, rows);
        let filled = self.source.fill(entries, places, rows - places.len());
        // Whole rows are left, also before an error.
        entries.truncate(places.len() * *columns);
        self.count += places.len() as u64;
        self.warn();
        filled.map_err(|error| error.in_file(&self.name))?;
        Ok(batch.len())
    }

    /// Puts the rows back that were read first of all: they are read again, before the rest.
    #[cfg(all(feature = "cli", feature = "faer"))]
    pub(crate) fn put_back(&mut self, batch: Batch<T>) {
        self.count = 0;
        self.head = batch;
    }
}
