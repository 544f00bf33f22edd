//! Second factors: what is used is used once, and a change of them goes by the account's version.

use crate::{accounts::*, kit::*};
use housekey_core::{ids::*, sign_in::Account, time::Time};
use housekey_store::{
    Store, StoreError,
    second_factors::{FactorChange, NewBackupCode, NewTotp, UsedFactor},
    sign_ins::Trail,
};

fn codes(first: &str) -> Vec<NewBackupCode> {
    ["aa", "bb"].map(|pair| NewBackupCode { selector: pair.into(), hash: hash(&format!("{first}{pair}")) }).into()
}

/// Shows an app its secret, and takes its first code.
async fn enroll(store: &Store, signed: &Signed, version: i64, codes: Vec<NewBackupCode>) -> TotpId {
    let account = Account { user: signed.user.clone(), version };
    let id = TotpId::new(NOW, chance());
    let new = NewTotp { id: id.clone(), name: "Phone".into(), secret: vec![1] };
    store.totp_begin(account.clone(), new, NOW).await.unwrap();
    let change = FactorChange::TotpVerified {
        id: id.clone(),
        step: 5,
        shown_after: Time::from_millis(0),
        codes,
        session: signed.session.clone(),
    };
    store.factor_change(account, change, Trail::default(), NOW).await.unwrap();
    id
}

#[tokio::test]
async fn of_sixteen_who_come_with_the_same_factor_one_gets_through() {
    for base in bases().await {
        let store = &base.store;
        let signed = signed_up(store, "ada@example.com").await;
        let id = enroll(store, &signed, 1, codes("x")).await;
        let account = Account { user: signed.user.clone(), version: 2 };
        let ways = [UsedFactor::Totp { id: id.clone(), step: 6 }, UsedFactor::BackupCode { selector: "aa".into() }];
        for used in ways {
            let tries = (0..16).map(|_| {
                let (store, account, used) = (store.clone(), account.clone(), used.clone());
                tokio::spawn(async move { store.second_factor_used(account, used, Trail::default(), NOW).await })
            });
            let mut through = 0;
            for tried in tries.collect::<Vec<_>>() {
                match tried.await.unwrap() {
                    Ok(()) => through += 1,
                    Err(other) => assert!(matches!(other, StoreError::Conflict), "{other}"),
                }
            }
            assert_eq!(through, 1, "{used:?}");
        }
        for step in [5, 6] {
            let old = UsedFactor::Totp { id: id.clone(), step };
            let done = store.second_factor_used(account.clone(), old, Trail::default(), NOW).await;
            assert!(matches!(done, Err(StoreError::Conflict)), "step {step} is behind");
        }
        let row = store.reader().user(&signed.user).await.unwrap().unwrap();
        assert_eq!((row.totp_since, row.backup_codes, row.account.version), (Some(NOW), 1, 2));
    }
}

#[tokio::test]
async fn a_change_goes_by_the_accounts_version_and_raises_it() {
    for base in bases().await {
        let store = &base.store;
        let signed = signed_up(store, "ada@example.com").await;
        let bob = signed_up(store, "bob@example.com").await;
        let first = enroll(store, &signed, 1, codes("x")).await;
        let second = enroll(store, &signed, 2, vec![]).await;
        let change = |version, change| {
            let account = Account { user: signed.user.clone(), version };
            store.factor_change(account, change, Trail::default(), NOW)
        };
        let stale = change(2, FactorChange::TotpRemoved(first.clone())).await;
        assert!(matches!(stale, Err(StoreError::Conflict)));
        let foreign = Account { user: bob.user.clone(), version: 1 };
        let theirs = FactorChange::TotpRemoved(first.clone());
        let done = store.factor_change(foreign, theirs, Trail::default(), NOW).await;
        assert!(matches!(done, Err(StoreError::Conflict)), "somebody else's app");
        change(3, FactorChange::BackupCodes(codes("y"))).await.unwrap();
        let kept = store.reader().backup_code(&signed.user, "aa").await.unwrap().unwrap();
        assert_eq!(kept.expose(), hash("yaa").expose(), "the old set is dead");
        change(4, FactorChange::TotpRemoved(first)).await.unwrap();
        let row = store.reader().user(&signed.user).await.unwrap().unwrap();
        assert_eq!(row.backup_codes, 2, "an app is left");
        change(5, FactorChange::TotpRemoved(second)).await.unwrap();
        let row = store.reader().user(&signed.user).await.unwrap().unwrap();
        assert_eq!((row.totp_since, row.backup_codes, row.account.version), (None, 0, 6));
    }
}

#[tokio::test]
async fn an_app_that_never_gave_a_code_is_swept() {
    for base in bases().await {
        let store = &base.store;
        let signed = signed_up(store, "ada@example.com").await;
        let account = Account { user: signed.user.clone(), version: 1 };
        for name in ["one", "two"] {
            let new = NewTotp { id: TotpId::new(NOW, chance()), name: name.into(), secret: vec![1] };
            store.totp_begin(account.clone(), new, NOW).await.unwrap();
        }
        let waiting = store.reader().totps(&signed.user).await.unwrap();
        assert_eq!(waiting.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["two"], "one waits at a time");
        store.sweep(at(700), std::time::Duration::from_secs(3600)).await.unwrap();
        assert!(store.reader().totps(&signed.user).await.unwrap().is_empty());
    }
}
