//! One HTML page with everything inside: style, tables, SVG.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// A table of text; the first row is the header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Column names.
    pub header: Vec<String>,
    /// Cells, row after row.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// The table as lines of aligned columns, for a terminal: the first column to the left, numbers to the right.
    ///
    /// # Example
    /// ```
    /// use sketchlet::report::Table;
    /// let table = Table { header: vec!["name".into(), "n".into()], rows: vec![vec!["a".into(), "10".into()]] };
    /// assert_eq!(table.to_text(), "name   n\na     10\n");
    /// ```
    pub fn to_text(&self) -> String {
        let lines = || std::iter::once(&self.header).chain(&self.rows);
        let columns = self.header.len();
        let width = |column: usize| {
            lines().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for line in lines() {
            let cells =
                line.iter().zip(&widths).enumerate().map(|(i, (cell, &width))| {
                    if i == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                });
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        text
    }
}

/// A part of a page: heading, words, picture, table; empty ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// Id to link to, which no other section of the page has.
    pub id: String,
    /// Heading.
    pub heading: String,
    /// Paragraphs of plain text.
    pub text: Vec<String>,
    /// Pictures as `<svg>` elements.
    pub figures: Vec<String>,
    /// A table.
    pub table: Option<Table>,
}

/// A self-contained page: no script, nothing loaded from anywhere.
///
/// # Example
/// ```
/// use sketchlet::report::{Page, Section};
/// let section = Section { id: "order".into(), heading: "a < b".into(), ..Section::default() };
/// let page = Page { title: "Report".into(), sections: vec![section] };
/// assert!(page.to_html().contains("<section id=\"order\"><h2>a &lt; b</h2>"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Title and main heading.
    pub title: String,
    /// What follows.
    pub sections: Vec<Section>,
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
h1,h2{line-height:1.2}table{border-collapse:collapse;margin:1rem 0;font-size:.9rem}\
th,td{padding:.25rem .7rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}\
th:first-child,td:first-child{text-align:left}th{border-bottom:2px solid #888}\
.wide{overflow-x:auto}svg{max-width:100%;height:auto}";

impl Page {
    /// The page as HTML text.
    pub fn to_html(&self) -> String {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (self.title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    h1 { (self.title) }
                    @for section in &self.sections { (section_markup(section)) }
                }
            }
        }
        .into_string()
    }
}

fn section_markup(section: &Section) -> Markup {
    html! {
        section id=[(!section.id.is_empty()).then_some(&section.id)] {
            h2 { (section.heading) }
            @for paragraph in &section.text { p { (paragraph) } }
            @for figure in &section.figures { figure { (PreEscaped(figure)) } }
            @if let Some(table) = &section.table {
                div class="wide" {
                    table {
                        thead { tr { @for cell in &table.header { th { (cell) } } } }
                        tbody { @for row in &table.rows { tr { @for cell in row { td { (cell) } } } } }
                    }
                }
            }
        }
    }
}
