//! A data folder, a port and an address that cannot be had are each said clearly.

use std::process::Command;

use crate::harness::{BINARY, Data, Server};

fn refused(arguments: &[String]) -> String {
    let output = Command::new(BINARY).args(arguments).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

fn serve(data: &Data, listen: &str) -> Vec<String> {
    let mut arguments = vec!["serve".to_owned()];
    arguments.extend(data.storage());
    arguments.extend(["--listen".to_owned(), listen.to_owned()]);
    arguments
}

#[test]
fn a_second_server_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let server = Server::fresh();
    let message = refused(&serve(server.data(), "127.0.0.1:0"));
    assert!(
        message.contains("in use by another headwater") && message.contains("--data-dir"),
        "{message}"
    );
    assert_eq!(server.send("GET", "/health", &[], b"").status, 200);
}

#[test]
fn a_port_in_use_names_the_port_and_what_to_do() {
    let server = Server::fresh();
    let address = server.base.strip_prefix("http://").unwrap();
    let message = refused(&serve(&Data::fresh(), address));
    assert!(
        message.contains(address) && message.contains("--listen"),
        "{message}"
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let message = refused(&["init", "--data-dir", "/dev/null/data"].map(str::to_owned));
    assert!(
        message.contains("/dev/null/data") && message.contains("--data-dir"),
        "{message}"
    );
}

#[test]
fn a_second_init_keeps_the_first_keys() {
    let data = Data::fresh();
    let mut arguments = vec!["init".to_owned()];
    arguments.extend(data.storage());
    assert!(refused(&arguments).contains("already"));
}

#[test]
fn serve_on_an_empty_folder_makes_a_workspace_and_prints_its_keys() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    let dir = tempfile::TempDir::new().unwrap();
    let mut child = Command::new(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
        .arg(dir.path().join("new"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let printed: Vec<String> = lines
        .take_while(|line| !line.starts_with("headwater listening on http://127.0.0.1:"))
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let text = printed.join("\n");
    assert!(
        ["spc_", "wk_", "hwt_"]
            .iter()
            .all(|prefix| text.contains(prefix)),
        "{text}"
    );
}
