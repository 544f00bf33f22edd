//! Phone numbers: whoever proves one first has it, and the primary one is always proved.

use crate::{accounts::*, kit::*};
use housekey_core::{identifier::phone::Phone, ids::*, sign_in::Account};
use housekey_store::{
    Store, StoreError,
    phones::PhoneRow,
    sign_ins::Trail,
    verifications::{NewVerification, Purpose},
};

fn number(text: &str) -> Phone {
    Phone::try_from(text.to_owned()).unwrap()
}

/// A number that waits for its code, and the code.
async fn added(store: &Store, signed: &Signed, version: i64, text: &str) -> (PhoneRow, VerificationId) {
    let (id, code) = (PhoneId::new(NOW, chance()), VerificationId::new(NOW, chance()));
    let verification = NewVerification {
        id: code.clone(),
        client: signed.client.clone(),
        purpose: Purpose::VerifyPhone,
        user: Some(signed.user.clone()),
        email: None,
        canonical: text.into(),
        code_hash: [9; 32],
        link: None,
        expires: at(600),
    };
    let trail = Trail { verification: Some(verification), ..Trail::default() };
    let account = Account { user: signed.user.clone(), version };
    store.phone_add(account, id.clone(), number(text), trail, NOW).await.unwrap();
    (store.reader().phone(&id, &signed.user).await.unwrap().unwrap(), code)
}

#[tokio::test]
async fn of_many_who_prove_one_number_at_once_one_has_it() {
    for base in bases().await {
        let store = &base.store;
        let mut waiting = Vec::new();
        for n in 0..8 {
            let signed = signed_up(store, &format!("ada{n}@example.com")).await;
            let (row, code) = added(store, &signed, 1, "+4915123456789").await;
            waiting.push((signed, row, code));
        }
        let done = at_once(8, |n| {
            let (signed, row, code) = &waiting[n];
            let account = Account { user: signed.user.clone(), version: 2 };
            let (store, row, spent) = (store.clone(), row.clone(), (signed.client.clone(), code.clone()));
            async move { store.phone_prove(account, row, spent, Trail::default(), NOW).await }
        })
        .await;
        assert_eq!(done.iter().filter(|d| d.is_ok()).count(), 1, "{done:?}");
        assert!(done.iter().all(|d| matches!(d, Ok(()) | Err(StoreError::Taken(_)))), "{done:?}");
        let owner = store.reader().user_by_phone(&number("+4915123456789")).await.unwrap().unwrap();
        let winner = done.iter().position(Result::is_ok).unwrap();
        assert_eq!(owner.account.user, waiting[winner].0.user);
    }
}

#[tokio::test]
async fn the_next_proved_number_follows_the_primary_one() {
    for base in bases().await {
        let store = &base.store;
        let signed = signed_up(store, "ada@example.com").await;
        let account = |version| Account { user: signed.user.clone(), version };
        let mut rows = Vec::new();
        for (version, text) in [(1, "+4915123456789"), (3, "+4915123456780")] {
            let (row, code) = added(store, &signed, version, text).await;
            let spent = (signed.client.clone(), code);
            store.phone_prove(account(version + 1), row.clone(), spent, Trail::default(), NOW).await.unwrap();
            rows.push(row.id);
        }
        added(store, &signed, 5, "+4915123456781").await;
        let primary = async || store.reader().user(&signed.user).await.unwrap().unwrap().primary_phone;
        assert_eq!(primary().await.as_ref(), rows.first());
        store.phone_remove(account(6), rows[0].clone(), true, Trail::default(), NOW).await.unwrap();
        assert_eq!(primary().await.as_ref(), rows.last());
        store.phone_remove(account(7), rows[1].clone(), true, Trail::default(), NOW).await.unwrap();
        assert_eq!(primary().await, None, "one that is not proved takes no place");
        let stale = store.phone_remove(account(7), rows[1].clone(), false, Trail::default(), NOW).await;
        assert!(matches!(stale, Err(StoreError::Conflict)));
    }
}
