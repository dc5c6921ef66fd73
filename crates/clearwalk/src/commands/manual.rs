//! `completions` and `man`, both made from the command line's own description.

use std::path::Path;

use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::cli::{Cli, CompletionsArgs, ManArgs};
use crate::failure::{Code, Failure};
use crate::{files, output};

pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "clearwalk", &mut script);
    let mut out = output::Output::new();
    out.bytes(&script)?;
    out.end()
}

pub(crate) fn run(args: &ManArgs) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &args.out else {
        return output::print(&page(command)?);
    };
    std::fs::create_dir_all(folder).map_err(|error| Failure::writing(folder, &error))?;
    write_all(&command, folder, "clearwalk")
}

fn write_all(command: &clap::Command, folder: &Path, name: &str) -> Result<(), Failure> {
    let page = page(command.clone())?;
    files::write(&folder.join(format!("{name}.1")), &page)?;
    for part in command.get_subcommands() {
        write_all(part, folder, &format!("{name}-{}", part.get_name()))?;
    }
    Ok(())
}

fn page(command: clap::Command) -> Result<String, Failure> {
    let mut page = Vec::new();
    let rendered = Man::new(command).render(&mut page);
    rendered.map_err(|error| Failure::new(Code::Failure, error))?;
    String::from_utf8(page).map_err(|error| Failure::new(Code::Failure, error))
}
