//! One attack of a shape, against a house with or without one of its protections.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use housekey::Error;
use housekey::core::challenge::solve;
use housekey::core::limits::{Limit, Limits};
use housekey::core::password::Password;
use housekey::core::risk::Thresholds;
use housekey::flows::sign_in::{SignInStatus, StartSignIn};
use housekey::flows::sign_up::StartSignUp;
use housekey::settings::{ClientTrust, Settings};
use housekey::testkit::{Browser, TestHouse};
use housekey_store::Store;

/// What is tried in all.
pub const ATTEMPTS: u32 = 100_000;
/// From how many addresses, where there are many.
pub const ADDRESSES: u32 = 10_000;
/// Against how many accounts, where there are many.
pub const ACCOUNTS: u32 = 1_000;
/// How many accounts have a password that the attacker knows; it is the 50th of those tried there.
pub const STOLEN: u32 = 100;
/// How many owners sign in meanwhile, half of them on a device that their account does not know.
pub const OWNERS: u32 = 200;
const RIGHT_AT: u32 = 50;
const RIGHT: &str = "tidal lantern mosaic";

/// How the attempts are spread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One address tries all accounts, within an hour.
    OneAddress,
    /// Ten thousand addresses try one account, within a day.
    OneAccount,
    /// Ten thousand addresses try all accounts, within a week.
    Slow,
    /// Ten thousand addresses try wrong passwords at one account, within an hour, to close it to its owner.
    Lockout,
}

impl Shape {
    pub const ALL: [Self; 4] = [Self::OneAddress, Self::OneAccount, Self::Slow, Self::Lockout];

    pub fn words(self) -> &'static str {
        match self {
            Self::OneAddress => "one address, 1,000 accounts, an hour",
            Self::OneAccount => "10,000 addresses, one account, a day",
            Self::Slow => "10,000 addresses, 1,000 accounts, a week",
            Self::Lockout => "lockout: 10,000 addresses, one account, an hour",
        }
    }

    fn lasts(self) -> Duration {
        Duration::from_secs(match self {
            Self::OneAddress | Self::Lockout => 3_600,
            Self::OneAccount => 86_400,
            Self::Slow => 7 * 86_400,
        })
    }

    /// Address, account and which try at that account it is.
    fn attempt(self, number: u32) -> (u32, u32, u32) {
        match self {
            Self::OneAddress => (0, number % ACCOUNTS, number / ACCOUNTS),
            Self::OneAccount | Self::Lockout => (number % ADDRESSES, 0, number),
            // Neighbours in time share neither address nor account.
            Self::Slow => (number.wrapping_mul(7_919) % ADDRESSES, number % ACCOUNTS, number / ACCOUNTS),
        }
    }

    fn is_right(self, account: u32, nth: u32) -> bool {
        self != Self::Lockout && account < STOLEN && nth == RIGHT_AT
    }

    fn accounts(self) -> u32 {
        match self {
            Self::OneAddress | Self::Slow => ACCOUNTS,
            Self::OneAccount | Self::Lockout => 1,
        }
    }
}

/// What stands against it, and what the attacker does about challenges.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Nothing but the password.
    Nothing,
    /// All, and the attacker computes nothing.
    All,
    /// All, and the attacker solves every challenge.
    Solved,
    /// As before, without the buckets of addresses.
    NoAddress,
    /// As before, without the buckets of accounts.
    NoAccount,
    /// As before, without the end of passwords from unknown devices after a hundred failures in a row.
    NoEnd,
    /// As before, without a code from unusual sign-ins.
    NoTrust,
}

impl Guard {
    pub const ALL: [Self; 7] =
        [Self::Nothing, Self::All, Self::Solved, Self::NoAddress, Self::NoAccount, Self::NoEnd, Self::NoTrust];

    pub fn words(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::All => "all; challenges are not solved",
            Self::Solved => "all; every challenge is solved",
            Self::NoAddress => "solved, without limits per address",
            Self::NoAccount => "solved, without limits per account",
            Self::NoEnd => "solved, without the end after 100 failures",
            Self::NoTrust => "solved, without a code from unusual sign-ins",
        }
    }

    fn solves(self) -> bool {
        !matches!(self, Self::All | Self::Nothing)
    }

    fn settings(self) -> Settings {
        let mut settings = Settings::default();
        if matches!(self, Self::Nothing | Self::NoTrust) {
            settings.risk.client_trust = ClientTrust::Off;
        }
        if self == Self::Nothing {
            settings.risk.thresholds = Thresholds { challenge: 0, second_factor: 0, refuse: 0 };
        }
        settings
    }

    fn limits(self) -> Limits {
        let endless = Limit::new(u32::MAX / 100, Duration::from_secs(1));
        let mut limits = Limits::default();
        if matches!(self, Self::Nothing | Self::NoAddress) {
            (limits.sign_in_address_minute, limits.sign_in_address_hour) = (endless, endless);
        }
        if matches!(self, Self::Nothing | Self::NoAccount) {
            limits.password_account = endless;
        }
        if matches!(self, Self::Nothing | Self::NoEnd) {
            limits.password_closed_after = i64::MAX;
        }
        limits
    }
}

/// What came of it.
#[derive(Default)]
pub struct Told {
    /// Guesses that were compared with a password.
    pub judged: u32,
    /// Right passwords after which a code was asked for that only the owner gets, or nothing opened.
    pub stopped: u32,
    /// Accounts that the attacker got into.
    pub opened: u32,
    /// Challenges that were asked for.
    pub asked: u32,
    /// Owners on a known device who did not get in at once.
    pub known_disturbed: u32,
    /// Owners on an unknown device who had to solve a challenge, which their browser does by itself.
    pub new_challenged: u32,
    /// Owners on an unknown device who had to type a mailed code after the password.
    pub new_vouched: u32,
    /// Owners on an unknown device whose password was not taken; a mailed code was open.
    pub new_refused: u32,
}

/// Runs one.
pub async fn run(shape: Shape, guard: Guard) -> Result<Told> {
    let folder = tempfile::tempdir_in(if std::path::Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" })?;
    let store = Store::sqlite(folder.path().join("attack.db"))?;
    let house =
        TestHouse::limited(store, guard.settings(), guard.limits()).await.map_err(|e| anyhow::anyhow!("{e}"))?;
    let mut owners = Vec::new();
    for account in 0..shape.accounts() {
        owners.push(owner(&house, account).await?);
    }
    house.clock.advance(Duration::from_secs(86_400));
    let each = shape.lasts() / ATTEMPTS;
    let mut told = Told::default();
    for number in 0..ATTEMPTS {
        house.clock.advance(each);
        let (from, account, nth) = shape.attempt(number);
        let right = shape.is_right(account, nth);
        let mut eve = browser(&house, attacker(from));
        let got = guess(&house, &mut eve, account, right, guard.solves().then_some(1), &mut told.asked).await?;
        told.judged += u32::from(got != Got::Refused);
        match got {
            Got::Opened => told.opened += 1,
            Got::Stopped => told.stopped += 1,
            Got::Wrong | Got::Refused => {}
        }
        if number % (ATTEMPTS / OWNERS) == 0 {
            owner_comes(&house, &mut owners, number, shape, &mut told).await?;
        }
    }
    house.housekey.store().close().await;
    Ok(told)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Got {
    Opened,
    /// The password was right, and more is due.
    Stopped,
    Wrong,
    Refused,
}

/// A sign-in with a password. Each of its two steps may ask for a challenge, and is tried once more with it where the
/// browser solves such.
async fn guess(
    house: &TestHouse,
    browser: &mut Browser,
    account: u32,
    right: bool,
    solves: Option<u32>,
    asked: &mut u32,
) -> Result<Got> {
    let identifier = address_of(account);
    for tries in [solves.unwrap_or(0), 0] {
        let start = StartSignIn { identifier: identifier.clone(), ..StartSignIn::default() };
        match house.housekey.sign_in_start(&browser.caller(), start).await {
            Ok(begun) => {
                browser.keep(begun);
                break;
            }
            Err(Error::Challenge(due)) => {
                *asked += 1;
                if tries == 0 {
                    return Ok(Got::Refused);
                }
                browser.challenge = solve(&house.housekey.pose_challenge(due)?);
            }
            Err(_) => return Ok(Got::Refused),
        }
    }
    browser.challenge = None;
    for tries in [solves.unwrap_or(0), 0] {
        let text = if right { RIGHT.to_owned() } else { format!("wrong guess {account}") };
        let password = Password::parse(text).ok().context("a password")?;
        match house.housekey.sign_in_password(&browser.caller(), password).await {
            Ok(done) => {
                let opened = browser.keep(done).status == SignInStatus::Complete;
                return Ok(if opened { Got::Opened } else { Got::Stopped });
            }
            Err(Error::Challenge(due)) => {
                *asked += 1;
                if tries == 0 {
                    return Ok(Got::Refused);
                }
                browser.challenge = solve(&house.housekey.pose_challenge(due)?);
            }
            Err(Error::Denied(why)) if why.code() == "password_or_identifier_incorrect" => {
                return Ok(Got::Wrong);
            }
            Err(Error::Denied(why)) if why.code() == "sign_in_unusual" => return Ok(Got::Stopped),
            Err(Error::Denied(_) | Error::Limited { .. }) => return Ok(Got::Refused),
            Err(other) => bail!("{other}"),
        }
    }
    Ok(Got::Refused)
}

/// An owner signs in while the attack goes on: on the device that the account knows, or on a new one.
async fn owner_comes(
    house: &TestHouse,
    owners: &mut [Browser],
    number: u32,
    shape: Shape,
    told: &mut Told,
) -> Result<()> {
    let turn = number / (ATTEMPTS / OWNERS);
    let account = turn % shape.accounts();
    let mut asked = 0;
    if turn.is_multiple_of(2) {
        let known = owners.get_mut(account as usize).context("an owner")?;
        known.client = None;
        let got = guess(house, known, account, true, None, &mut asked).await?;
        told.known_disturbed += u32::from(got != Got::Opened);
        return Ok(());
    }
    let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(192, 0, 2, 0)) + turn);
    let mut new = browser(house, address.into());
    let got = guess(house, &mut new, account, true, Some(1), &mut asked).await?;
    told.new_challenged += u32::from(asked > 0 && got != Got::Refused);
    told.new_vouched += u32::from(got == Got::Stopped);
    told.new_refused += u32::from(got == Got::Refused);
    Ok(())
}

/// Somebody signs up, and has a device that the account knows.
async fn owner(house: &TestHouse, account: u32) -> Result<Browser> {
    let address = Ipv4Addr::from(u32::from(Ipv4Addr::new(172, 16, 0, 0)) + account);
    let mut browser = browser(house, address.into());
    let start = StartSignUp {
        email: address_of(account),
        username: String::new(),
        phone: String::new(),
        password: Password::parse(RIGHT.to_owned()).ok().context("a password")?,
        first_name: String::new(),
        last_name: String::new(),
        legal_accepted: false,
        return_to: None,
        hidden: String::new(),
        shown: String::new(),
    };
    let begun = house.housekey.sign_up_start(&browser.caller(), start).await?;
    browser.keep(begun);
    let code = house.code_to(&address_of(account)).await.context("no code was mailed")?;
    let done = house.housekey.sign_up_code(&browser.caller(), None, &code).await?;
    browser.keep(done);
    Ok(browser)
}

fn browser(house: &TestHouse, address: IpAddr) -> Browser {
    let mut browser = house.browser(0);
    browser.address = address;
    browser
}

fn attacker(number: u32) -> IpAddr {
    Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 0, 0, 0)) + number).into()
}

fn address_of(account: u32) -> String {
    format!("owner{account}@example.com")
}
