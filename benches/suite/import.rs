//! From a city's table to decisions in a SQLite file: the `import --process` of the release binary, measured from
//! outside. `--rows N` takes another number of rows.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use benches::{conditions, runs, table};

const ROWS: u64 = 500_000;

fn main() {
    let rows = std::env::args()
        .skip_while(|word| word != "--rows")
        .nth(1)
        .map_or(ROWS, |count| count.parse().expect("--rows takes a number"));
    let binary = binary();
    if !binary.exists() {
        println!("## import\n\nNot measured: {} is not there.", binary.display());
        println!("`cargo xtask bench import` builds it; so does `cargo build --release -p clearwalk`.");
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("import");
    let table = folder.join("rows.csv");
    fresh(&folder);
    let bytes = write_table(&table, rows);
    conditions::print(
        "import: a table to decisions",
        "`clearwalk import rows.csv --process`: read, map, append to the stream, read again, judge, commit.",
        &[
            (
                "data",
                format!(
                    "{rows} rows of world::city, {} MB of CSV, new store",
                    bytes / 1_000_000
                ),
            ),
            (
                "durability",
                "SQLite, WAL, synchronous FULL; every batch is one transaction".to_owned(),
            ),
        ],
    );
    println!("| run | rows/s | CPU s per million | peak memory MiB | store bytes per row |");
    println!("|---|--:|--:|--:|--:|");
    let count = if rows > ROWS { 1 } else { 3 };
    for run in 1..=count {
        remove_store(&folder);
        let measured = import(&binary, &folder, &table);
        println!(
            "| {run} | {:.0} | {:.1} | {} | {} |",
            rows as f64 / measured.wall.as_secs_f64(),
            measured.busy.as_secs_f64() / rows as f64 * 1e6,
            measured.memory,
            store_size(&folder) / rows,
        );
    }
    fs::remove_dir_all(&folder).expect("the folder is ours");
}

/// Beside this program's own folder.
fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("a program knows where it is");
    let folder = own.ancestors().nth(2).expect("benches lie two folders deep");
    folder.join("clearwalk")
}

fn fresh(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("the folder is ours");
    }
    fs::create_dir_all(folder).expect("the target folder can be written");
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    let settings = format!(
        "[store]\nurl = \"sqlite:{}\"\n[rules]\npolicies = [\"{}\"]\n[registry]\nkind = \"none\"\n",
        folder.join("store.db").display(),
        deploy.join("policies/demo.toml").display(),
    );
    fs::write(folder.join("clearwalk.toml"), settings).expect("the folder is ours");
}

fn write_table(path: &Path, rows: u64) -> u64 {
    let mut file = BufWriter::new(File::create(path).expect("the folder is ours"));
    table::write(rows, &mut file).expect("the disk has room for the table");
    file.flush().expect("the disk has room for the table");
    fs::metadata(path).expect("just written").len()
}

struct Measured {
    wall: Duration,
    busy: Duration,
    memory: u64,
}

fn import(binary: &Path, folder: &Path, table: &Path) -> Measured {
    let mapping = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/mappings/clearwalk.toml");
    let (spent, began) = (runs::children_time(), Instant::now());
    let mut command = Command::new(binary);
    command
        .arg("--config")
        .arg(folder.join("clearwalk.toml"))
        .arg("import")
        .arg(table)
        .arg("--map")
        .arg(mapping)
        .args(["--mode", "history", "--process"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = command.spawn().expect("the binary can be started");
    let memory = wait(child);
    Measured {
        wall: began.elapsed(),
        busy: runs::children_time().saturating_sub(spent),
        memory,
    }
}

/// Waits for the end and returns the largest memory that was seen, in MiB.
fn wait(mut child: Child) -> u64 {
    let pid = child.id();
    let (done, ended) = mpsc::channel::<()>();
    let watch = std::thread::spawn(move || {
        let mut most = 0;
        while ended.recv_timeout(Duration::from_millis(50)) == Err(RecvTimeoutError::Timeout) {
            most = conditions::peak_memory_of(&pid.to_string())
                .unwrap_or(0)
                .max(most);
        }
        most
    });
    let status = child.wait().expect("a child can be waited for");
    drop(done);
    assert!(status.success(), "the import failed: {status}");
    watch.join().expect("reading a file is total")
}

fn remove_store(folder: &Path) {
    for entry in fs::read_dir(folder).expect("the folder is ours").flatten() {
        if entry.file_name().to_string_lossy().starts_with("store.db") {
            fs::remove_file(entry.path()).expect("the folder is ours");
        }
    }
}

fn store_size(folder: &Path) -> u64 {
    fs::metadata(folder.join("store.db")).map_or(0, |file| file.len())
}
