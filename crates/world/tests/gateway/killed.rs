//! Killing the gateway in the middle of its work loses no line that anybody could know of.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use world::gateway::{Gateway, Options, Verdict};

use crate::{client, message, plan};

/// Only a folder with this file is for the child; a stray `--ignored` run does nothing.
const MARK: &str = "for-the-child";
const LEDGER: &str = "ledger.jsonl";

#[tokio::test]
#[ignore = "the other half of the test below, which starts it in a process of its own"]
async fn child_gateway() {
    if !Path::new(MARK).exists() {
        return;
    }
    let options = Options {
        plan: plan("rates = { reset-after-taking = 0.2, error-before-taking = 0.2 }"),
        ledger: Some(LEDGER.into()),
        ..Options::default()
    };
    let gateway = Gateway::start(options).await.unwrap();
    println!("\nurl {}", gateway.url());
    // The parent keeps the pipe open for as long as it lives.
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()))
        .await
        .unwrap()
        .unwrap();
}

fn start_child(folder: &Path) -> (Child, String) {
    std::fs::write(folder.join(MARK), "").unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "killed::child_gateway"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines
        .map(Result::unwrap)
        .find_map(|line| line.strip_prefix("url ").map(str::to_owned))
        .unwrap();
    (child, url)
}

#[tokio::test]
async fn a_killed_gateway_loses_no_line_that_a_client_could_know_of() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, url) = start_child(folder.path());

    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let (client, url) = (client(), url.clone());
            tokio::spawn(async move {
                let mut known = Vec::new();
                for n in 0.. {
                    let client_ref = format!("{sender}-{n}");
                    match client.post(&url).json(&message(&client_ref)).send().await {
                        Ok(answer) if answer.status() == 200 => {
                            let body: Value = answer.json().await.unwrap_or_default();
                            if let Some(id) = body["message_id"].as_str() {
                                known.push((client_ref, id.to_owned()));
                            }
                        }
                        Err(error) if error.is_connect() => break,
                        Ok(_) | Err(_) => {}
                    }
                }
                known
            })
        })
        .collect();
    let ledger = folder.path().join(LEDGER);
    // Killed once it is well under way.
    while std::fs::metadata(&ledger).map_or(0, |found| found.len()) < 200_000 {
        tokio::task::yield_now().await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut known = Vec::new();
    for sender in senders {
        known.extend(sender.await.unwrap());
    }

    let options = Options {
        ledger: Some(ledger),
        ..Options::default()
    };
    let gateway = Gateway::start(options).await.unwrap();
    let accepted: Vec<_> = gateway
        .calls()
        .unwrap()
        .into_iter()
        .filter(|call| call.verdict == Verdict::Accepted)
        .map(|call| (call.client_ref.unwrap(), call.message_id.unwrap()))
        .collect();
    let ids: BTreeSet<_> = accepted.iter().map(|(_, id)| id).collect();
    assert_eq!(ids.len(), accepted.len(), "an id was given twice");
    let accepted: BTreeSet<_> = accepted.iter().collect();
    assert!(
        known.len() > 50,
        "only {} were answered before the kill",
        known.len()
    );
    for pair in &known {
        assert!(
            accepted.contains(pair),
            "{pair:?} was answered and is not in the ledger"
        );
    }
}
