//! `housekey breach …`: the filter of breached passwords.

use std::path::PathBuf;

use clap::Subcommand;

/// `housekey breach …`
#[derive(Subcommand)]
pub enum BreachCommand {
    /// Make a filter of a list of SHA-1 hashes
    #[command(after_help = "Examples:
  housekey breach build pwnedpasswords.txt --out breached.filter

A line is a SHA-1 in 40 hexadecimal digits, alone or with `:` and a number behind it, as Have I Been Pwned's downloader
writes it; the order does not matter. The list is read line by line and needs 8 bytes of memory a hash, the filter 1.7
bytes more. An old filter of that name is replaced when the new one is whole. Name it in `passwords.breach_filter`.")]
    Build {
        /// The list
        #[arg(value_name = "LIST")]
        list: PathBuf,
        /// The filter
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Say whether a password is in a filter
    #[command(after_help = "Examples:
  housekey breach check breached.filter
  printf %s \"$PASSWORD\" | housekey breach check breached.filter

The password is read from the terminal, where it is not shown, or else one line from standard input. Ends with 0 if it is
not in the filter, with 3 if it is; one password of 4,096 that are not is taken for one.")]
    Check {
        /// The filter
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}
