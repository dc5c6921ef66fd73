//! Reading and writing the files that commands are given.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A file to read; `-` is standard input.
pub(crate) fn open(path: &Path) -> Result<Box<dyn io::Read + Send>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    let file = File::open(path).map_err(|error| Failure::reading(path, &error))?;
    Ok(Box::new(file))
}

/// A file of settings or rules, with the name that errors call it by. Every fault is one of the configuration.
pub(crate) fn read_rules(path: &Path) -> Result<(String, String), Failure> {
    let name = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => Ok((name, text)),
        Err(error) => Err(Failure::configuration(format!("{name}: cannot be read: {error}"))),
    }
}

/// A file of one line that holds a secret.
pub(crate) fn read_secret(path: &Path) -> Result<String, Failure> {
    let (name, text) = read_rules(path)?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next()) {
        (Some(secret), None) => Ok(secret.to_owned()),
        (None, _) => Err(Failure::configuration(format!(
            "{name}: is empty; it must hold one line"
        ))),
        (Some(_), Some(_)) => Err(Failure::configuration(format!(
            "{name}: holds several lines; it must hold one"
        ))),
    }
}

/// A file that is being written. It appears under its name when it is complete, so that a killed command leaves no half.
pub(crate) struct Draft {
    path: PathBuf,
    /// None: no regular file, such as a pipe or /dev/null, which is written as it is.
    part: Option<PathBuf>,
    writer: BufWriter<File>,
}

impl Draft {
    pub(crate) fn begin(path: &Path) -> Result<Self, Failure> {
        let is_other = fs::metadata(path).is_ok_and(|found| !found.is_file());
        let part = (!is_other).then(|| {
            let mut name = path.file_name().unwrap_or_default().to_owned();
            name.push(".part");
            path.with_file_name(name)
        });
        let file = match &part {
            Some(part) => File::create(part),
            None => OpenOptions::new().write(true).open(path),
        };
        let file = file.map_err(|error| Failure::writing(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            part,
            writer: BufWriter::with_capacity(1 << 16, file),
        })
    }

    pub(crate) fn line(&mut self, line: &str) -> Result<(), Failure> {
        let written = self.writer.write_all(line.as_bytes());
        let written = written.and_then(|()| self.writer.write_all(b"\n"));
        written.map_err(|error| Failure::writing(&self.path, &error))
    }

    pub(crate) fn end(mut self) -> Result<(), Failure> {
        let ended = self.writer.flush().and_then(|()| match &self.part {
            Some(part) => fs::rename(part, &self.path),
            None => Ok(()),
        });
        ended.map_err(|error| Failure::writing(&self.path, &error))
    }
}

/// Writes a whole file.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::writing(path, &error))
}

/// Writes a file that does not exist yet.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| Failure::writing(path, &error))
}
