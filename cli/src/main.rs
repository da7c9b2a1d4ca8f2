//! The program `steepest`.

fn main() -> std::process::ExitCode {
    steepest_cli::program::main()
}
