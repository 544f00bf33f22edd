//! Housekey as one binary: command line, configuration, and the server.

mod bundles;
mod cli;
mod commands;
mod config;
mod control;
mod data;
mod errands;
mod house;
mod out;
mod serve;
mod store;
mod telemetry;
#[cfg(feature = "testkit")]
mod testkit;

use std::process::ExitCode;

use clap::Parser;

use cli::{
    BreachCommand, BundlesCommand, ClerkCommand, ClerkKeysCommand, Cli, Command, ConfigCommand, EventCommand,
    KeysCommand, MailCommand, MigrateCommand,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    data::keep_files_private();
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(why) => {
            eprintln!("housekey: {why:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let Cli { command, serve: bare, common } = cli;
    let flags = common.flags(bare.listen.as_deref());
    match command.unwrap_or_default() {
        Command::Serve(args) => {
            let args = args.over(bare);
            serve::run(&common.flags(args.listen.as_deref()), args.migrate, common.json)
        }
        Command::Config(ConfigCommand::Check) => commands::check(&flags, common.json),
        Command::Config(ConfigCommand::Show) => commands::show(&flags, common.json),
        Command::Config(ConfigCommand::Reference) => commands::reference(common.json),
        Command::Keys(KeysCommand::New { out }) => commands::new_key(out.as_deref(), common.json),
        Command::Keys(KeysCommand::Rotate { which: _, activate }) => commands::rotate(&flags, activate, common.json),
        Command::Clerk(ClerkCommand::Keys(ClerkKeysCommand::New { name, test })) => {
            commands::clerk_keys_new(&flags, name, test, common.json)
        }
        Command::Clerk(ClerkCommand::Keys(ClerkKeysCommand::List)) => commands::clerk_keys_list(&flags, common.json),
        Command::Clerk(ClerkCommand::Keys(ClerkKeysCommand::Revoke { id })) => {
            commands::clerk_keys_revoke(&flags, id, common.json)
        }
        Command::Clerk(ClerkCommand::Bundles(BundlesCommand::Add { file, integrity, from_registry })) => {
            let from = commands::BundleFrom::of(file, integrity, from_registry)?;
            commands::clerk_bundles_add(&flags, from, common.json)
        }
        Command::Clerk(ClerkCommand::Bundles(BundlesCommand::List)) => {
            commands::clerk_bundles_list(&flags, common.json)
        }
        Command::Clerk(ClerkCommand::Bundles(BundlesCommand::Remove { which })) => {
            commands::clerk_bundles_remove(&flags, &which, common.json)
        }
        Command::Clerk(ClerkCommand::Coverage) => commands::clerk_coverage(common.json),
        Command::Migrate(MigrateCommand::Status) => commands::migrate_status(&flags, common.json),
        Command::Migrate(MigrateCommand::Up) => commands::migrate_up(&flags, common.json),
        Command::Webhook(command) => commands::webhook(&flags, command, common.json),
        Command::Recovery(command) => commands::recovery(&flags, command, common.json),
        Command::Event(EventCommand::Show { id }) => commands::event_show(&flags, id, common.json),
        Command::Breach(BreachCommand::Build { list, out }) => commands::breach_build(&list, &out, common.json),
        Command::Breach(BreachCommand::Check { file }) => commands::breach_check(&file, common.json),
        Command::Mail(MailCommand::Test { to }) => commands::test_mail(&flags, &to, common.json),
    }
}
