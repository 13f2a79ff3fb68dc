//! Summaries of the stream floor, joined to their laws: one line a type. The wrappers are joined where what they wrap is.

use sketchlet_core::Real;
use sketchlet_core::stream::{OrderMonitor, OrderMonitorParams, WarmUp};
use sketchlet_laws::{Answer, Subject, laws};

fn order<T: Real>(monitor: &mut OrderMonitor<T, Vec<T>>) -> Result<Answer, sketchlet_core::Error> {
    let report = monitor.report();
    Ok(Answer::new().with("figure", [report.drift, report.runs, report.level].map(Real::as_f64)))
}

laws! {
    order_monitor<T: f32, f64>: OrderMonitor<T, S>,
    Subject::new(|s| OrderMonitor::new(OrderMonitorParams::new(s.dim))).answer(order).wire(),
    [rows, wire, storage, scale]
}

laws! {
    order_monitor_running<T: f32, f64>: OrderMonitor<T, S>,
    Subject::new(|s| OrderMonitor::new(OrderMonitorParams::new(s.dim).warm_up(WarmUp::Running))).answer(order).wire(),
    [rows, wire, storage, scale]
}
