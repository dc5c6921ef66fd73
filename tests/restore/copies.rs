//! Copies and their way back: what is refused, and that a kill leaves the old database or the new one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::site::wait;
use crate::town::{Plan, Town};

#[test]
fn a_restore_is_refused_while_the_service_runs_and_for_what_is_not_whole() {
    let town = Town::new(Plan::default());
    let service = town.with_offences(3);
    town.wait_for_notices("accepted", 3);
    town.site.ask(&["db", "backup", "copy.db"]);
    let mode = fs::metadata(town.site.path("copy.db"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(town.site.run(&["db", "backup", "copy.db"]).code, Some(5));
    town.site.ask(&["db", "backup", "copy.db", "--force"]);
    assert!(!town.site.path("copy.db.partial").exists());
    assert_eq!(
        town.site.run(&["db", "restore", "copy.db", "--yes"]).code,
        Some(5)
    );
    service.stop();
    let digest = town.site.ask(&["digest"]);
    let whole = fs::read(town.site.path("copy.db")).unwrap();
    // A page in the middle is gone, and the file is cut.
    let mut holed = whole.clone();
    let middle = holed.len() / 8192 * 4096;
    holed[middle..middle + 4096].fill(0xA5);
    fs::write(town.site.path("holed.db"), holed).unwrap();
    fs::write(town.site.path("cut.db"), &whole[..whole.len() / 2]).unwrap();
    fs::write(town.site.path("text.db"), "not a database at all").unwrap();
    for bad in ["holed.db", "cut.db", "text.db"] {
        let ended = town.site.run(&["db", "restore", bad, "--yes"]);
        assert_eq!(ended.code, Some(9), "{bad}: {ended:?}");
    }
    assert_eq!(
        town.site.run(&["db", "restore", "none.db", "--yes"]).code,
        Some(4)
    );
    assert_eq!(town.site.ask(&["digest"]), digest);
    assert!(!town.site.path("clearwalk.db.restoring").exists());
}

#[test]
fn a_restore_under_another_key_is_refused() {
    let town = Town::new(Plan::default());
    let service = town.with_offences(2);
    town.wait_for_notices("accepted", 2);
    service.stop();
    town.site.ask(&["db", "backup", "copy.db"]);
    let other = Town::new(Plan::default());
    let service = other.with_offences(1);
    service.stop();
    fs::copy(town.site.path("copy.db"), other.site.path("copy.db")).unwrap();
    let ended = other.site.run(&["db", "restore", "copy.db", "--yes"]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
}

#[test]
fn a_restore_that_is_killed_leaves_the_old_database_or_the_new_one() {
    let town = Town::new(Plan::default());
    town.offend("first.csv", &[(1, "2025-03-02"), (2, "2025-03-02")]);
    town.site.ask(&["db", "backup", "copy.db"]);
    let new = town.site.ask(&["digest"]);
    town.offend("second.csv", &[(3, "2025-03-02")]);
    let old = town.site.ask(&["digest"]);
    assert_ne!(old, new);
    // How long a whole one takes here, so that the kills fall before and after its end.
    let began = Instant::now();
    town.site.ask(&["db", "restore", "copy.db", "--yes"]);
    let whole = began.elapsed();
    fs::rename(newest_kept(&town), town.site.path("clearwalk.db")).unwrap();
    let (mut olds, mut news) = (0, 0);
    for round in 0..24_u32 {
        let mut restoring = town.site.start(&["db", "restore", "copy.db", "--yes"], "restore");
        let _ended = restoring.ends_within(whole * round / 12);
        restoring.kill();
        let digest = town.site.ask(&["digest"]);
        assert!([&old, &new].contains(&&digest), "round {round}: neither");
        if digest == old {
            olds += 1;
        } else {
            news += 1;
            let kept = newest_kept(&town);
            fs::rename(kept, town.site.path("clearwalk.db")).unwrap();
            let back = wait(Duration::from_secs(5), || {
                (town.site.ask(&["digest"]) == old).then_some(())
            });
            assert!(back.is_some(), "round {round}: the kept database is another one");
        }
    }
    assert!(
        olds > 0 && news > 0,
        "old {olds}, new {news}: the kills met one side only"
    );
}

fn newest_kept(town: &Town) -> std::path::PathBuf {
    let name = |number: u32| match number {
        1 => town.site.path("clearwalk.db.before-restore"),
        number => town.site.path(&format!("clearwalk.db.before-restore.{number}")),
    };
    let last = (1..100).map(name).take_while(|path| path.exists()).last();
    last.expect("the replaced database is kept")
}
