//! The `sketchlet` command.

fn main() -> std::process::ExitCode {
    sketchlet::cli::main()
}
