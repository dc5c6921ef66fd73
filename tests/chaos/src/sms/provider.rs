//! The provider: the test gateway as a process of its own, which may be killed and goes on where it was.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, bail};

use super::rates::Rates;
use crate::process::Running;
use crate::site::{Site, free_port};
use crate::wire::Client;

/// Signs receipts.
pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// A ledger of a million lines is read back at a start.
const START: Duration = Duration::from_mins(2);

/// The provider.
pub(super) struct Provider {
    port: u16,
    running: Option<Running>,
    ledger: PathBuf,
    diary: PathBuf,
}

impl Provider {
    /// Writes its plan and starts it.
    pub(super) fn new(site: &Site, rates: &Rates) -> Result<Provider> {
        let mut provider = Provider {
            port: free_port()?,
            running: None,
            ledger: site.path("ledger.jsonl"),
            diary: site.path("receipts.jsonl"),
        };
        let to = format!("http://{}/receipts/primary", site.address());
        site.write("plan.json", &rates.plan(&to, SECRET, &provider.diary)?)?;
        site.write("clearwalk.toml", "")?;
        provider.start(site)?;
        Ok(provider)
    }

    /// Starts it on its port.
    pub(super) fn start(&mut self, site: &Site) -> Result<()> {
        let (listen, ledger) = (self.address(), self.ledger.display().to_string());
        let arguments = [
            "testgateway",
            "--listen",
            &listen,
            "--ledger",
            &ledger,
            "--plan",
            "plan.json",
        ];
        let mut running = site.start(&arguments, "testgateway")?;
        let line = running.first_line(START)?;
        if !line.starts_with("listening") {
            bail!("the test gateway says: {line}");
        }
        self.running = Some(running);
        Ok(())
    }

    /// Kill -9.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.running.take().map_or(Ok(()), Running::kill)
    }

    /// From now on nothing goes wrong, also after a start.
    pub(super) fn heal(&self, site: &Site) -> Result<()> {
        let mut client = Client::new(&self.address(), Duration::from_secs(10));
        let answer = client.ask("POST", "/_control/clear-plan", "", &[])?;
        if answer.status != 200 {
            bail!("the test gateway has no control API: {}", answer.status);
        }
        site.write("plan.json", &answer.json().to_string())
    }

    /// `HOST:PORT`.
    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it received.
    pub(super) fn ledger(&self) -> PathBuf {
        self.ledger.clone()
    }
}
