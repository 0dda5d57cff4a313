use std::process::ExitCode;

fn main() -> ExitCode {
    thirdring::cli::main()
}
