/// A whole image: one summary of the digits, in static storage, fed and asked; nothing is printed, so that nothing but the
/// summary is measured.
#[macro_export]
macro_rules! size_image {
    ($summary:ident, $params:expr) => {
        use sketchlet_core::RowSummary;
        use sketchlet_core::eigen::TopEigen;
        use sketchlet_embedded_demo::board;
        use sketchlet_embedded_demo::data::{MAX_DIM, Table};
        use static_cell::ConstStaticCell;

        const STORAGE_LEN: usize = $params.storage_len();

        static STORAGE: ConstStaticCell<[f32; STORAGE_LEN]> = ConstStaticCell::new([0.0; STORAGE_LEN]);

        #[cortex_m_rt::entry]
        fn main() -> ! {
            let Ok(mut summary) = $summary::new_in($params, STORAGE.take()) else { board::exit(false) };
            let (mut row, mut answer) = ([0.0; MAX_DIM], [0.0; $params.answer_len()]);
            let fed = (0..Table::Digits.rows()).try_for_each(|i| summary.update(Table::Digits.load(i, &mut row)));
            board::exit(fed.is_ok() && summary.estimate(&mut answer).is_ok_and(|top| top.vector(0)[0] <= 1.0))
        }
    };
}
