//! Where the database lies: how much room there is, what kind of file system it is, and whether its clock is ours.

use std::path::Path;
use std::time::SystemTime;

use engine::time::{MINUTE, SECOND, Timestamp};

use super::Check;

/// Below this a busy day fills the disk.
const LITTLE: u64 = 1 << 30;
/// Below this the next batch may not fit.
const NONE: u64 = 64 << 20;
/// File systems over a network, by the names of the kernel. Their locks and their memory maps are not what SQLite needs.
const REMOTE: [&str; 9] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "fuse.sshfs",
    "ceph",
    "glusterfs",
    "fuse.glusterfs",
];
/// Clocks of a file system and of this machine tick apart by less.
const APART: i64 = MINUTE;

pub(super) fn room(free: u64) -> Check {
    let found = format!("{} MB free", free >> 20);
    if free < NONE {
        return Check::bad("disk", found, "make room: a full disk stops everything");
    }
    if free < LITTLE {
        return Check::doubtful("disk", found, "a store needs room for a busy day");
    }
    Check::well("disk", found)
}

/// By the table of mounts; none: this system has no such table.
pub(super) fn file_system(folder: &Path) -> Option<Check> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    let folder = folder.canonicalize().ok()?;
    let kind = kind_of(&mounts, &folder)?;
    if REMOTE.contains(&kind) {
        let found = format!("{} lies on {kind}, over a network", folder.display());
        let hint = "move the database to a disk of this machine: locks over a network lose data";
        return Some(Check::bad("file system", found, hint));
    }
    Some(Check::well("file system", kind))
}

/// The kind of the innermost mount that holds a folder.
fn kind_of<'m>(mounts: &'m str, folder: &Path) -> Option<&'m str> {
    let mount = |line: &'m str| {
        let (left, right) = line.split_once(" - ")?;
        // Blanks in a path are written in octal.
        let point = left.split(' ').nth(4)?.replace("\\040", " ");
        let kind = right.split(' ').next()?;
        folder.starts_with(&point).then_some((point.len(), kind))
    };
    // Of mounts at one place the last one covers the others.
    let innermost = mounts.lines().filter_map(mount).max_by_key(|(length, _)| *length);
    innermost.map(|(_, kind)| kind)
}

/// A file that was written in the future was written before the clock was set back, or by another clock.
pub(super) fn clock(file: &Path, now: Timestamp) -> Option<Check> {
    let written = std::fs::metadata(file).and_then(|file| file.modified()).ok()?;
    let written = written.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let written = Timestamp::from_micros(i64::try_from(written.as_micros()).ok()?);
    let ahead = written.since(now);
    if ahead > APART {
        let found = format!(
            "{} was written {} s in the future",
            file.display(),
            ahead / SECOND
        );
        let hint = "set the clock, and let a time service keep it";
        return Some(Check::bad("file times", found, hint));
    }
    Some(Check::well("file times", "none is in the future"))
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    const MOUNTS: &str = "\
22 1 0:21 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:30 / /srv rw - nfs4 store:/srv rw
31 30 0:31 / /srv/local\\040disk rw - xfs /dev/sdb1 rw
";

    #[test]
    fn the_innermost_mount_counts() {
        for (folder, kind) in [
            ("/var/lib/clearwalk", "ext4"),
            ("/srv/clearwalk", "nfs4"),
            ("/srv/local disk/x", "xfs"),
            ("/srvx", "ext4"),
        ] {
            assert_eq!(kind_of(MOUNTS, Path::new(folder)), Some(kind), "{folder}");
        }
        assert!(REMOTE.contains(&"nfs4"));
    }

    #[test]
    fn little_room_is_said_and_no_room_fails() {
        assert_eq!(room(2 << 30).health, Health::Well);
        assert_eq!(room(500 << 20).health, Health::Doubtful);
        assert_eq!(room(1 << 20).health, Health::Bad);
    }

    #[test]
    fn a_file_from_the_future_tells_that_the_clock_is_wrong() {
        let file = tempfile::NamedTempFile::new().expect("a temporary folder");
        let now = crate::instant::now();
        let health = |now| clock(file.path(), now).map(|check| check.health);
        assert_eq!(health(now), Some(Health::Well));
        assert_eq!(health(now.plus(-10 * MINUTE)), Some(Health::Bad));
    }
}
