//! `housekey clerk …`: what apps need that were written for Clerk.

use std::path::PathBuf;

use clap::Subcommand;

/// `housekey clerk …`
#[derive(Subcommand)]
pub enum ClerkCommand {
    /// Make, list and revoke the keys of apps
    #[command(subcommand)]
    Keys(ClerkKeysCommand),
    /// Keep the browser scripts that Clerk's SDKs load
    #[command(subcommand)]
    Bundles(BundlesCommand),
    /// List the operations of Clerk's APIs and which are served
    #[command(after_help = "Examples:
  housekey clerk coverage
  housekey clerk coverage --json | jq '.operations[] | select(.served | not)'

The rest answers 501 with the code operation_not_built.")]
    Coverage,
}

/// `housekey clerk keys …`
#[derive(Subcommand)]
pub enum ClerkKeysCommand {
    /// Make a secret key and print it with the settings of each SDK
    #[command(after_help = "Examples:
  housekey clerk keys new
  housekey clerk keys new --name staging --json

The secret key is shown once. Live keys serve everywhere, on localhost too.")]
    New {
        /// What you call it
        #[arg(long, default_value = "default")]
        name: String,
        /// Make keys of a development instance (pk_test_…, sk_test_…)
        #[arg(long)]
        test: bool,
    },
    /// List the secret keys: when made, when last used, when revoked
    #[command(after_help = "Examples:
  housekey clerk keys list
  housekey clerk keys list --json")]
    List,
    /// Revoke a secret key
    #[command(after_help = "Examples:
  housekey clerk keys revoke sk_01JD9Z0Q4X8Y6V3B5N7M1K2P3R

It is refused at once here, and within a second on every other node.")]
    Revoke {
        /// Its id, as `list` shows it
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// `housekey clerk bundles …`
#[derive(Subcommand)]
pub enum BundlesCommand {
    /// Check a package's published sum, and keep its scripts in the data folder
    #[command(after_help = "Examples:
  housekey clerk bundles add --from-registry
  housekey clerk bundles add --from-registry @clerk/clerk-js@6 @clerk/ui@1.34.0
  housekey clerk bundles add clerk-ui-1.34.0.tgz --integrity sha512-…

Without names the registry gives the versions that this release was tried with. `clerk.registry` names another
registry. A file comes from `npm pack @clerk/ui@1.34.0`, its sum from `npm view @clerk/ui@1.34.0 dist.integrity`.
A running server has the scripts at once; each node that has its own data folder keeps its own.")]
    Add {
        /// A package as the registry gives it
        #[arg(value_name = "FILE", requires = "integrity", required_unless_present = "from_registry")]
        file: Option<PathBuf>,
        /// The sum that it was published with
        #[arg(long, value_name = "SHA512", requires = "file")]
        integrity: Option<String>,
        /// Take these packages from the registry, with the sums that stand there
        #[arg(long, value_name = "PACKAGE@VERSION", num_args = 0.., conflicts_with = "file")]
        from_registry: Option<Vec<String>>,
    },
    /// List the versions that are kept
    #[command(after_help = "Examples:
  housekey clerk bundles list
  housekey clerk bundles list --json")]
    List,
    /// Remove a version
    #[command(after_help = "Examples:
  housekey clerk bundles remove @clerk/ui@1.34.0

Pages that ask for it get the nearest version of its major, where one is kept.")]
    Remove {
        /// Package and version, as `list` shows them
        #[arg(value_name = "PACKAGE@VERSION")]
        which: String,
    },
}
