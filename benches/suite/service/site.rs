//! An installation in a folder of its own, and the service that runs on it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use benches::{conditions, runs};
use tempfile::TempDir;

use super::client;
use super::provider::Provider;

/// What receipts are signed with.
pub(crate) const SECRET: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

const POLICY: &str = r#"[policy]
id = "bench"
version = "1"
effective = { from = "2020-01-01T00:00:00+08:00" }
time_zone = "Asia/Shanghai"
[window]
kind = "calendar-year"
[outcome]
first = "waived"
otherwise = "penalty_proposed"
fine_minor = 10000
currency = "CNY"
[notice]
hold = "0s"
"#;

/// Beside this program's own folder.
pub(crate) fn binary() -> Option<PathBuf> {
    let own = std::env::current_exe().expect("a program knows where it is");
    let binary = own
        .ancestors()
        .nth(2)
        .expect("benches lie two folders deep")
        .join("clearwalk");
    binary.exists().then_some(binary)
}

pub(crate) struct Site {
    folder: TempDir,
}

pub(crate) struct Service {
    child: Child,
    pub(crate) address: String,
}

impl Site {
    /// `plates` cars have an owner. `rate` is that of the provider's contract, in messages a second; none: it has none.
    pub(crate) fn new(provider: &Provider, plates: usize, rate: Option<usize>) -> Self {
        let folder =
            tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the target folder can be written");
        let rate = rate.map_or_else(String::new, |rate| format!("rate = {rate}"));
        let settings = format!(
            r#"[store]
url = "sqlite:store.db"
[web]
listen = "127.0.0.1:0"
[rules]
policies = ["policy.toml"]
[sms.providers.primary]
kind = "generic"
url = "{}"
concurrency = 256
{rate}
receipt_secret_file = "secret"
[registry]
kind = "file"
path = "owners.csv"
"#,
            provider.url
        );
        let mut owners = "plate,class,phone,name,owner_id,valid_from,valid_to\n".to_owned();
        for car in 0..plates {
            let plate = client::plate_text(car);
            writeln!(owners, "湘K{plate},02,+86138{car:08},,o{car},2000-01-01,").expect("a text takes text");
        }
        for (name, text) in [
            ("owners.csv", &owners[..]),
            ("clearwalk.toml", &settings),
            ("policy.toml", POLICY),
            ("secret", &format!("whsec_{SECRET}\n")),
        ] {
            fs::write(folder.path().join(name), text).expect("the folder takes files");
        }
        Self { folder }
    }

    fn run(&self, binary: &Path, arguments: &[&str]) {
        let mut command = Command::new(binary);
        let command = command.args(arguments).current_dir(self.folder.path());
        let done = command.output().expect("the binary starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    /// Makes the store, and keeps what will be queued in it.
    pub(crate) fn pause(&self, binary: &Path) {
        self.run(binary, &["db", "migrate"]);
        self.run(binary, &["sms", "pause", "--reason", "bench", "--by", "bench"]);
    }

    pub(crate) fn resume(&self, binary: &Path) {
        self.run(binary, &["sms", "resume", "--by", "bench"]);
    }

    pub(crate) async fn serve(&self, binary: &Path) -> Service {
        let log = self.folder.path().join("serve.log");
        let output = fs::File::create(&log).expect("the folder takes files");
        let child = Command::new(binary)
            .arg("serve")
            .current_dir(self.folder.path())
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .expect("the binary starts");
        let mut service = Service {
            child,
            address: String::new(),
        };
        let mut look = tokio::time::interval(Duration::from_millis(20));
        loop {
            look.tick().await;
            let said = fs::read_to_string(&log).unwrap_or_default();
            if let Some(rest) = said.split("http://").nth(1) {
                let end = |c: char| !(c.is_ascii_digit() || c == '.' || c == ':');
                rest.split(end)
                    .next()
                    .unwrap_or_default()
                    .clone_into(&mut service.address);
                return service;
            }
        }
    }
}

impl Service {
    /// Processor time so far.
    pub(crate) fn busy(&self) -> Duration {
        runs::processor_time_of(&self.child.id().to_string()).unwrap_or_default()
    }

    pub(crate) fn peak_memory(&self) -> f64 {
        conditions::peak_memory_of(&self.child.id().to_string()).unwrap_or_default() as f64
    }

    pub(crate) fn stop(self) {
        drop(self);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended {
            eprintln!("the service did not run until it was stopped: {error}");
        }
    }
}
