//! The admin's page says what to type, and it does what the page says.

use std::env;
use std::path::Path;
use std::process::Command;

use super::admin::{Admin, Server, did};

const PAGE: &str = include_str!("../../docs/admin.md");

/// What stands in blocks of this kind, in the section about many PCs.
fn blocks(kind: &str) -> Vec<&'static str> {
    let (_, section) = PAGE.split_once("### Many PCs\n").expect("the section");
    let (section, _) = section.split_once("\n### ").expect("the next section");
    let fence = format!("```{kind}\n");
    let blocks = section.split(fence.as_str()).skip(1);
    blocks.filter_map(|rest| rest.split("```").next()).collect()
}

/// A line of the page, in a folder where its files are.
fn typed(line: &str, folder: &Path) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_thirdring"));
    let programs = program.parent().expect("it is in a folder").display();
    let path = env::var("PATH").unwrap_or_default();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("exec {line}")])
        .current_dir(folder)
        .env("PATH", format!("{programs}:{path}"))
        .env("LC_ALL", "en_US.UTF-8")
        .env("XDG_STATE_HOME", folder.join("state"));
    shell
}

#[test]
fn whoever_types_the_page_has_a_pc_that_is_provisioned() {
    let [own, index, codes] = blocks("toml")[..] else {
        panic!("the page has other blocks");
    };
    let [commands] = blocks("sh")[..] else {
        panic!("the page has other blocks");
    };
    let admin = Admin::new(index);
    for name in ["common.toml", "sales.toml", "seats/sales-7.toml"] {
        admin.write(name, "language = \"en\"\n");
    }
    let folder = admin.folder();
    let folder = folder.parent().expect("it is in one");
    admin.write_aside("codes.toml", codes);
    admin.lay_out_certificate();
    let mut server: Option<Server> = None;
    for line in commands.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.contains("provision keys") {
            // Its key was made by the same command.
            std::fs::remove_file(folder.join("admin.key")).expect("it is there");
        }
        if line.contains("provision serve") {
            let line = line.replace("0.0.0.0:8443", "127.0.0.1:0");
            server = Some(Server::of_ours(typed(&line, folder)));
            continue;
        }
        if let Some(server) = &server {
            let own = own.replace("https://conf.example/thirdring", &server.url);
            let key = std::fs::read_to_string(folder.join("told")).expect("a key was told");
            let (before, rest) = own.split_once("key = \"").expect("it has a key");
            let (_, after) = rest.split_once('"').expect("a text ends");
            let host = "host = \"sales-7\"\n";
            let own = format!("{before}key = \"{key}\"{after}{host}");
            admin.write_aside("thirdring.toml", &own);
        }
        let told = did(typed(line, folder));
        assert_eq!(told.code, Some(0), "{line}\n{}{}", told.out, told.errors);
        if let Some((_, key)) = told.out.split_once("key = \"") {
            admin.write_aside("told", key.trim().trim_end_matches('"'));
        }
        if line.contains("provision show") {
            assert!(told.out.contains("seats/sales-7.toml"), "{}", told.out);
        }
    }
    assert!(server.is_some(), "{commands}");
}
