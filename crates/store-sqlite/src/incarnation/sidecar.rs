//! The file beside the database that counts what was sent: one line, written after a submission is on the disk and before
//! its first byte leaves. A database that has gone back in time is behind it.
//!
//! The line has a fixed length and is written in place, so that half of it is never there. It is forced to the disk four
//! times a second at most: a process that is killed loses nothing of it, a machine without power a quarter of a second.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

/// What the line begins with.
const MAGIC: &str = "clearwalk-sent-1";
/// Bytes of the file: less than a disk writes at once.
const LENGTH: usize = 256;
/// Between two times that the line is forced to the disk.
const FORCED_EVERY: Duration = Duration::from_millis(250);

/// What tells a file from a copy of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileMark {
    inode: u64,
    /// When the file was made, in nanoseconds; 0: the file system does not say.
    born: u128,
}

impl FileMark {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let file = std::fs::metadata(path)?;
        Ok(Self {
            inode: file.ino(),
            born: born(&file),
        })
    }

    /// The instant of its making tells most: it stays when a volume is mounted elsewhere, which may change the inode, and
    /// no copy has it.
    pub(crate) fn is_same(self, other: Self) -> bool {
        if self.born != 0 && other.born != 0 {
            self.born == other.born
        } else {
            self.inode == other.inode
        }
    }
}

fn born(file: &Metadata) -> u128 {
    let since = file
        .created()
        .ok()
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos())
}

/// What the line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The life of the store that it belongs to.
    pub(crate) incarnation: String,
    /// The database file.
    pub(crate) file: FileMark,
    /// At least so many attempts of it were committed when the last one was sent.
    pub(crate) sent: u64,
}

impl Line {
    fn text(&self) -> String {
        let said = format!(
            "{MAGIC} {} {} {} {:020}",
            self.incarnation, self.file.inode, self.file.born, self.sent
        );
        format!(
            "{:<width$}\n",
            format!("{said} {}", check(&said)),
            width = LENGTH - 1
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let (said, given) = text.trim_end().rsplit_once(' ')?;
        if given != check(said) {
            return None;
        }
        let mut words = said.split(' ');
        if words.next() != Some(MAGIC) {
            return None;
        }
        Some(Self {
            incarnation: words.next()?.to_owned(),
            file: FileMark {
                inode: words.next()?.parse().ok()?,
                born: words.next()?.parse().ok()?,
            },
            sent: words.next()?.parse().ok()?,
        })
    }
}

fn check(said: &str) -> String {
    hex::encode(&Sha256::digest(said)[..4])
}

/// What stands beside a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Absent,
    /// It is there, and no line of ours.
    Damaged,
    Line(Line),
}

/// Where the file of a database stands.
pub(crate) fn path_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".sent");
    name.into()
}

pub(crate) fn read(path: &Path) -> io::Result<Found> {
    let mut text = String::new();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Absent),
        Err(error) => return Err(error),
    };
    match file.take(LENGTH as u64 * 4).read_to_string(&mut text) {
        Ok(_) => Ok(Line::parse(&text).map_or(Found::Damaged, Found::Line)),
        Err(error) if error.kind() == ErrorKind::InvalidData => Ok(Found::Damaged),
        Err(error) => Err(error),
    }
}

/// The file, open to be written.
#[derive(Debug)]
pub(crate) struct Sidecar(Mutex<Open>);

#[derive(Debug)]
struct Open {
    file: File,
    line: Line,
    forced: Instant,
}

impl Sidecar {
    /// Replaces what is there, if anything, as one step.
    pub(crate) fn create(path: &Path, line: Line) -> io::Result<Self> {
        let mut draft = path.as_os_str().to_owned();
        draft.push(".new");
        let draft = PathBuf::from(draft);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&draft)?;
        file.write_all_at(line.text().as_bytes(), 0)?;
        file.sync_all()?;
        std::fs::rename(&draft, path)?;
        crate::backup::force_folder(path)?;
        Ok(Self(Mutex::new(Open {
            file,
            line,
            forced: Instant::now(),
        })))
    }

    /// Goes on with the file that is there.
    pub(crate) fn open(path: &Path, line: Line) -> io::Result<Self> {
        let file = OpenOptions::new().write(true).open(path)?;
        let open = Open {
            file,
            line,
            forced: Instant::now(),
        };
        Ok(Self(Mutex::new(open)))
    }

    /// So many attempts are committed, and the last ones are about to be sent. Never counts down.
    pub(crate) fn count(&self, sent: u64) -> io::Result<()> {
        // A panic of another holder leaves at worst an older number, which the next call corrects.
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sent <= open.line.sent {
            return Ok(());
        }
        open.line.sent = sent;
        open.file.write_all_at(open.line.text().as_bytes(), 0)?;
        if open.forced.elapsed() >= FORCED_EVERY {
            open.file.sync_data()?;
            open.forced = Instant::now();
        }
        Ok(())
    }
}

/// A copy that was not made in the same tick of the file system's clock, as no copy of a database in use is.
#[cfg(test)]
pub(super) fn copy_later(from: &Path, to: &Path) -> FileMark {
    let first = FileMark::of(from).expect("it is there");
    loop {
        std::fs::copy(from, to).expect("the folder can be written");
        let mark = FileMark::of(to).expect("it was just made");
        if mark.born == 0 || mark.born != first.born {
            return mark;
        }
        std::fs::remove_file(to).expect("it was just made");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(sent: u64) -> Line {
        Line {
            incarnation: "00ff".repeat(8),
            file: FileMark {
                inode: 7,
                born: 1_772_500_000_123_456_789,
            },
            sent,
        }
    }

    #[test]
    fn the_line_is_read_as_it_was_written_and_its_length_never_changes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("city.db.sent");
        assert_eq!(read(&path).unwrap(), Found::Absent);
        let sidecar = Sidecar::create(&path, line(0)).unwrap();
        for sent in [1, 9_999_999, u64::MAX] {
            sidecar.count(sent).unwrap();
            assert_eq!(read(&path).unwrap(), Found::Line(line(sent)));
            assert_eq!(std::fs::metadata(&path).unwrap().len(), LENGTH as u64);
        }
        sidecar.count(5).unwrap();
        assert_eq!(read(&path).unwrap(), Found::Line(line(u64::MAX)));
    }

    #[test]
    fn a_changed_byte_is_no_line_of_ours() {
        let text = line(12).text();
        let end = text.trim_end().len();
        for at in 0..end {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(Line::parse(&changed), None, "byte {at}");
        }
        assert_eq!(Line::parse(""), None);
    }

    #[test]
    fn a_copy_of_a_file_is_another_file_and_a_renamed_one_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let [one, two, three] = ["one", "two", "three"].map(|name| directory.path().join(name));
        std::fs::write(&one, "x").unwrap();
        let mark = FileMark::of(&one).unwrap();
        let copy = copy_later(&one, &two);
        assert!(!mark.is_same(copy));
        std::fs::rename(&one, &three).unwrap();
        assert!(mark.is_same(FileMark::of(&three).unwrap()));
    }
}
