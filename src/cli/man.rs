//! `jbr man`: the manual pages, made of the same text as `--help`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::error::CliError;
use super::exit::EXIT_CODES_HELP;
use super::global::{PLAN_DEFAULT, STATE_DEFAULT};
use super::{Exit, Output};

/// `jbr man`.
#[derive(Debug, Clone, Args)]
pub(super) struct ManArgs {
    /// Write a page for each command into this folder, `jbr.1`, `jbr-apply.1` and so on; it is made if it is not there
    #[arg(long, value_name = "FOLDER")]
    pub(super) out: Option<PathBuf>,
}

/// Prints the page of `jbr`, or writes all pages: of `root` and its commands.
pub(super) fn man(root: Command, args: &ManArgs, output: &Output) -> Result<Exit, CliError> {
    let mut root = root.disable_help_subcommand(true);
    // What holds for all commands is on each one's page.
    root.build();
    let Some(folder) = &args.out else {
        let page = page(&root).map_err(CliError::Output)?;
        output.result(&String::from_utf8_lossy(&page))?;
        return Ok(Exit::Success);
    };
    let count = write_all(&root, folder).map_err(|why| CliError::ManOut { path: folder.clone(), why })?;
    output.say(format_args!("{count} pages are in {}", crate::printable::printable(&folder.to_string_lossy())));
    Ok(Exit::Success)
}

fn write_all(root: &Command, folder: &Path) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let mut left = vec![root];
    let mut count = 0;
    // As many rounds as there are commands.
    while let Some(command) = left.pop() {
        fs::write(folder.join(Man::new(command.clone()).get_filename()), page(command)?)?;
        left.extend(command.get_subcommands().filter(|below| !below.is_hide_set()));
        count += 1;
    }
    Ok(count)
}

fn page(command: &Command) -> io::Result<Vec<u8>> {
    let source = format!("jbr {}", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(source).manual("jbr");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if command.get_name() == "jbr" {
        ending().to_writer(&mut page)?;
    }
    Ok(page)
}

/// What the page of `jbr` says besides.
fn ending() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    let (codes, more) = EXIT_CODES_HELP.split_once("\n\n").unwrap_or((EXIT_CODES_HELP, ""));
    for (code, what) in codes.lines().skip(1).filter_map(|line| line.trim_start().split_once(' ')) {
        roff.control("TP", ["6"]);
        roff.text([bold(code)]);
        roff.text([roman(what.trim_start())]);
    }
    for line in more.lines() {
        roff.control("PP", []);
        roff.text([roman(line)]);
    }
    roff.control("SH", ["FILES"]);
    for (path, what) in [
        (PLAN_DEFAULT, "the plan: all *.yaml and *.yml files in it are one"),
        (STATE_DEFAULT, "what jbr remembers; its lock and its earlier generations are beside it"),
        ("/var/lib/jbr/known_hosts", "the host keys of the servers"),
    ] {
        roff.control("TP", []);
        roff.text([bold(path)]);
        roff.text([roman(what)]);
    }
    roff
}
