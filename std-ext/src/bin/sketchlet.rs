//! x
fn main() {
    let p = sketchlet::demo::run(0).unwrap();
    for s in &p.sections {
        println!("{}", s.heading);
        if let Some(t) = &s.table {
            println!("{}", t.to_text());
        }
    }
    std::fs::write("/tmp/report.html", p.to_html()).unwrap();
}
