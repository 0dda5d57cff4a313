//! The rep's own service (systemd.unit(5)): the shipped unit, with our program and his settings.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::Environment;
use crate::files;

const SHIPPED: &str = include_str!("../../../config/systemd/thirdring.service");
/// The line of it that names them.
const STARTS: &str = "ExecStart=";

/// Where it belongs; none where no systemd looks there.
pub(super) fn place(environment: &Environment) -> Option<PathBuf> {
    let home = environment.config_home.as_ref()?;
    let is_there = cfg!(target_os = "linux");
    is_there.then(|| home.join("systemd/user/thirdring.service"))
}

pub(super) fn write(unit: &Path, settings: &Path) -> io::Result<()> {
    let program = std::env::current_exe()?;
    let settings = std::path::absolute(settings)?;
    if let Some(folder) = unit.parent() {
        files::make_folder(folder)?;
    }
    fs::write(unit, written(&program, &settings))
}

fn written(program: &Path, settings: &Path) -> String {
    let lines = SHIPPED.lines().map(|line| match line.starts_with(STARTS) {
        true => format!("{STARTS}{} run -c {}", quoted(program), quoted(settings)),
        false => line.to_owned(),
    });
    let lines: Vec<String> = lines.collect();
    lines.join("\n") + "\n"
}

/// A path may hold blanks, and `%` and `$`, which systemd reads as its own (systemd.service(5), "Command lines").
fn quoted(path: &Path) -> String {
    let path = path.display().to_string();
    let path = path.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", path.replace('%', "%%").replace('$', "$$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_starts_this_program_with_these_settings() {
        let unit = written(
            Path::new("/opt/third ring/thirdring"),
            Path::new("/home/rep/50%.toml"),
        );
        let starts: Vec<&str> = unit.lines().filter(|it| it.starts_with(STARTS)).collect();
        let expected = "ExecStart=\"/opt/third ring/thirdring\" run -c \"/home/rep/50%%.toml\"";
        assert_eq!(starts, [expected]);
        assert!(unit.contains("WatchdogSec=") && unit.contains("[Install]"));
    }
}
