//! A city's installation in a temporary folder, driven through the binary: its files, its processes, its answers. Nothing
//! here knows more than an operator does.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(20);
/// Longer than any command of these tests should take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// The files of an installation.
pub(crate) struct Site {
    folder: TempDir,
    port: u16,
}

/// What `Site::new` writes into the files.
pub(crate) struct Papers<'p> {
    pub(crate) policy: &'p str,
    /// Empty: every zone is an ordinary sidewalk.
    pub(crate) zones: &'p str,
    pub(crate) owners: &'p str,
    /// The import mapping, as `map.toml`.
    pub(crate) mapping: &'p str,
    /// Where the SMS provider is.
    pub(crate) provider: &'p str,
    /// Further lines of `[sms.providers.primary]`.
    pub(crate) provider_lines: &'p str,
    /// How long a process may hold a notice.
    pub(crate) lease: &'p str,
}

/// What a command that has ended left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A process of ours that dies with this value.
pub(crate) struct Running {
    pub(crate) child: Child,
    log: PathBuf,
}

/// The SMS provider that goes wrong as a plan says.
pub(crate) struct Provider {
    /// It only has to live.
    _running: Running,
    /// `127.0.0.1:PORT`.
    address: String,
    ledger: PathBuf,
}

impl Site {
    pub(crate) fn new(papers: &Papers<'_>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let zones = if papers.zones.is_empty() {
            ""
        } else {
            "zones = \"zones.toml\"\n"
        };
        let config = format!(
            "[store]\nurl = \"sqlite:clearwalk.db\"\n\
             [web]\nlisten = \"127.0.0.1:{port}\"\n\
             [rules]\npolicies = [\"policy.toml\"]\n{zones}\
             [sms]\nroute = [\"primary\"]\nlease = \"{lease}\"\n\
             [sms.providers.primary]\nkind = \"generic\"\nurl = \"{url}\"\n{lines}\n\
             [registry]\nkind = \"file\"\npath = \"owners.csv\"\n",
            lease = papers.lease,
            url = papers.provider,
            lines = papers.provider_lines,
        );
        let site = Self { folder, port };
        for (name, text) in [
            ("clearwalk.toml", config.as_str()),
            ("policy.toml", papers.policy),
            ("zones.toml", papers.zones),
            ("owners.csv", papers.owners),
            ("map.toml", papers.mapping),
        ] {
            site.write(name, text);
        }
        site
    }

    /// Where a file of the installation is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the folder takes files");
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments, "command").end()
    }

    /// Runs a command that must succeed; answers its standard output.
    pub(crate) fn ask(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "clearwalk {arguments:?} failed: {ended:?}");
        ended.stdout
    }

    /// A table of `export`.
    pub(crate) fn export(&self, what: &str) -> Vec<Value> {
        json_lines(&self.ask(&["export", what, "--format", "jsonl"]))
    }

    /// Starts a command and does not wait for it.
    pub(crate) fn start(&self, arguments: &[&str], name: &str) -> Running {
        let config = self.path("clearwalk.toml");
        let mut command = clearwalk();
        command
            .arg("--config")
            .arg(config)
            .args(arguments)
            .current_dir(self.folder.path());
        Running::start(command, self.log_file(name))
    }

    /// Starts the service and waits until it is ready.
    pub(crate) fn serve(&self) -> Running {
        let mut service = self.start(&["serve"], "serve");
        let ready = wait(PATIENCE, || {
            assert!(service.is_running(), "serve ended by itself: {}", service.said());
            self.try_get("/readyz")
                .is_some_and(|(status, _)| status == 200)
                .then_some(())
        });
        assert!(
            ready.is_some(),
            "serve is not ready: {:?}\n{}",
            self.try_get("/readyz"),
            service.said()
        );
        service
    }

    /// The document at a path of the service.
    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self
            .try_get(path)
            .unwrap_or_else(|| panic!("no answer from {path}"));
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap_or_else(|error| panic!("{path}: {error}: {body}"))
    }

    /// Status and body of a path of the service, when it answers at all.
    pub(crate) fn try_get(&self, path: &str) -> Option<(u16, String)> {
        http("GET", &self.address(), path)
    }

    /// Where its page is.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A file name for the talk of a process, never used before.
    fn log_file(&self, name: &str) -> PathBuf {
        let free = |number: &u32| !self.path(&format!("{name}-{number}.stderr")).exists();
        let number = (0..100_000)
            .find(free)
            .expect("no test starts that many processes");
        self.path(&format!("{name}-{number}"))
    }
}

impl Running {
    fn start(mut command: Command, log: PathBuf) -> Self {
        let file = |ending| File::create(log.with_extension(ending)).expect("the folder takes files");
        let child = command
            .stdin(Stdio::null())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", binary().display()));
        Self { child, log }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("our own child").is_none()
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let status = self.ends_within(PATIENCE);
        let read = |ending| fs::read_to_string(self.log.with_extension(ending)).unwrap_or_default();
        assert!(status.is_some(), "no end after {PATIENCE:?}: {}", self.said());
        Ended {
            code: status.and_then(|status| status.code()),
            stdout: read("stdout"),
            stderr: read("stderr"),
        }
    }

    pub(crate) fn ends_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        wait(patience, || self.child.try_wait().expect("our own child"))
    }

    /// Asks it to end, as `kill PID` does.
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "kill does not work here"
        );
    }

    /// Asks it to end, and expects it to say 0.
    pub(crate) fn stop(self) {
        self.terminate();
        let ended = self.end();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }

    /// Kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
    }

    /// The end of what it said on stderr.
    pub(crate) fn said(&self) -> String {
        let text = fs::read_to_string(self.log.with_extension("stderr")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Provider {
    /// Starts it with a plan, its ledger in `folder`.
    pub(crate) fn start(folder: &Path, plan: &str) -> Self {
        let (plan_file, ledger) = (folder.join("plan.toml"), folder.join("ledger.jsonl"));
        fs::write(&plan_file, plan).expect("the folder takes files");
        let mut command = clearwalk();
        command.args(["testgateway", "--listen", "127.0.0.1:0", "--ledger"]);
        command
            .arg(&ledger)
            .arg("--plan")
            .arg(&plan_file)
            .current_dir(folder);
        let mut running = Running::start(command, folder.join("provider"));
        let output = running.log.with_extension("stdout");
        let address = wait(PATIENCE, || {
            assert!(running.is_running(), "the test gateway ended: {}", running.said());
            let text = BufReader::new(File::open(&output).ok()?).lines().next()?.ok()?;
            Some(text.split_once("http://")?.1.trim().to_owned())
        });
        let address = address.expect("the test gateway says where it listens");
        Self {
            _running: running,
            address,
            ledger,
        }
    }

    /// Where messages are posted.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1/messages", self.address)
    }

    /// From now on every message is accepted.
    pub(crate) fn heal(&self) {
        let answer = http("POST", &self.address, "/_control/clear-plan");
        assert!(
            answer.is_some_and(|(status, _)| status == 200),
            "the test gateway has a control API"
        );
    }

    /// Every whole line of its ledger: what was received, and what became of it.
    pub(crate) fn ledger(&self) -> Vec<Value> {
        let text = fs::read_to_string(&self.ledger).unwrap_or_default();
        json_lines(&text[..text.rfind('\n').map_or(0, |end| end + 1)])
    }
}

/// Tries until `look` finds something; nothing when that does not happen in time.
pub(crate) fn wait<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        std::thread::park_timeout(LOOK.min(left));
    }
}

pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(parse).collect()
}

/// The binary under test.
pub(crate) fn clearwalk() -> Command {
    let mut command = Command::new(binary());
    command.env_remove("CLEARWALK_CONFIG");
    command
}

/// Beside the folder of this test; built by `cargo build -p clearwalk`.
fn binary() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own file");
    let folder = test
        .parent()
        .and_then(Path::parent)
        .expect("tests lie in target/PROFILE/deps");
    folder.join("clearwalk")
}

/// A port below those that outgoing connections take by themselves, so that it stays free between two lives of a service.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 10_000 + (std::process::id() % 1_000) as u16 * 20;
    (0..2_000)
        .map(|_| first + NEXT.fetch_add(1, Ordering::Relaxed))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("there is a free port")
}

/// One request without a body, and the whole answer.
fn http(method: &str, address: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(15))).ok()?;
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: 0\r\n\r\n"
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}
