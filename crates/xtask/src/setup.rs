//! What the build needs of the machine: one table of probes and Debian packages.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

/// How to see that something is there.
enum Probe {
    /// A program in the path that answers to `--version`.
    Program(&'static str),
    /// A C header that the compiler finds; asked of the compiler itself, since its folders differ by platform.
    Header(&'static str),
}

struct Need {
    probe: Probe,
    package: &'static str,
    why: &'static str,
}

/// Everything beyond Rust. A new need is one line here.
const NEEDS: &[Need] = &[
    Need {
        probe: Probe::Program("cc"),
        package: "gcc",
        why: "SQLite, zstd and ring are C",
    },
    Need {
        probe: Probe::Header("stdio.h"),
        package: "libc6-dev",
        why: "headers of the C library",
    },
];

/// Installs what is missing, or says how.
pub(crate) fn run() -> Result<()> {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !is_there(&need.probe)).collect();
    if missing.is_empty() {
        println!("setup: everything is there");
        return Ok(());
    }
    for need in &missing {
        println!(
            "setup: {} is missing ({}), Debian package {}",
            name(&need.probe),
            need.why,
            need.package
        );
    }
    let packages = packages(&missing);
    let Some(prefix) = privilege() else {
        bail!(
            "this cannot be installed from here; on Debian or Ubuntu type this line, then try again:\n\n    {}\n",
            typed_line(&packages)
        );
    };
    for arguments in apt_calls(&packages) {
        process::run(&mut command(prefix, &arguments))?;
    }
    let left: Vec<&str> = missing
        .iter()
        .filter(|need| !is_there(&need.probe))
        .map(|need| name(&need.probe))
        .collect();
    if !left.is_empty() {
        bail!("still missing after the installation: {}", left.join(", "));
    }
    println!("setup: installed {}", packages.join(", "));
    Ok(())
}

fn is_there(probe: &Probe) -> bool {
    match probe {
        Probe::Program(program) => process::succeeds(Command::new(program).arg("--version")),
        Probe::Header(header) => {
            process::succeeds(Command::new("cc").args(["-E", "-include", header, "-x", "c", "/dev/null"]))
        }
    }
}

fn name(probe: &Probe) -> &'static str {
    match probe {
        Probe::Program(name) | Probe::Header(name) => name,
    }
}

fn packages(missing: &[&Need]) -> Vec<&'static str> {
    let mut packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// The words before `apt-get`: none as root, `sudo -n` where it asks for no password, `None` where neither works.
fn privilege() -> Option<&'static [&'static str]> {
    if !process::succeeds(Command::new("apt-get").arg("--version")) {
        return None;
    }
    let is_root = process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if is_root {
        Some(&[])
    } else if process::succeeds(Command::new("sudo").args(["-n", "true"])) {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}

fn apt_calls<'a>(packages: &[&'a str]) -> [Vec<&'a str>; 2] {
    let mut install = vec!["apt-get", "install", "-y"];
    install.extend(packages);
    [vec!["apt-get", "update"], install]
}

fn command(prefix: &[&str], arguments: &[&str]) -> Command {
    let mut words = prefix.iter().chain(arguments);
    let mut command = Command::new(words.next().expect("every call names apt-get"));
    command.args(words);
    command
}

fn typed_line(packages: &[&str]) -> String {
    apt_calls(packages)
        .map(|call| format!("sudo {}", call.join(" ")))
        .join(" && ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_and_a_missing_header_are_seen() {
        assert!(!is_there(&Probe::Program("no-such-program-anywhere")));
        assert!(!is_there(&Probe::Header("no/such/header.h")));
    }

    #[test]
    fn a_compiler_that_linked_this_test_is_found() {
        assert!(is_there(&Probe::Program("cc")));
        assert!(is_there(&Probe::Header("stdio.h")));
    }

    #[test]
    fn two_needs_of_one_package_install_it_once() {
        let need = |program| Need {
            probe: Probe::Program(program),
            package: "p",
            why: "",
        };
        assert_eq!(packages(&[&need("a"), &need("b")]), ["p"]);
    }

    #[test]
    fn the_line_to_type_is_complete() {
        assert_eq!(
            typed_line(&["gcc", "libc6-dev"]),
            "sudo apt-get update && sudo apt-get install -y gcc libc6-dev"
        );
    }

    #[test]
    fn sudo_stands_before_apt() {
        let command = command(&["sudo", "-n"], &["apt-get", "update"]);
        assert_eq!(process::line(&command), "sudo -n apt-get update");
    }
}
