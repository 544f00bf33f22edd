//! Passkeys: a challenge is answered once, a signature counts once, and a credential is one account's.

use crate::{accounts::*, kit::*};
use housekey_core::{ids::*, sign_in::Account};
use housekey_store::{
    StoreError,
    passkey_challenges::{Ceremony, NewChallenge},
    passkeys::{NewPasskey, UsedPasskey},
    second_factors::{FactorChange, UsedFactor},
    sign_ins::Trail,
};

fn passkey() -> NewPasskey {
    NewPasskey {
        id: PasskeyId::new(NOW, chance()),
        credential_id: vec![7; 16],
        name: "Laptop".into(),
        credential: "{}".into(),
        sign_count: 0,
        synced: false,
    }
}

#[tokio::test]
async fn a_challenge_is_taken_once_by_its_browser_for_its_purpose_in_its_time() {
    for base in bases().await {
        let store = base.store.clone();
        let ((asked, _), (other, _)) = (client(), client());
        let (asked_id, other_id) = (asked.id.clone(), other.id.clone());
        let challenge = |hash: u8| NewChallenge {
            hash: [hash; 32],
            id: PasskeyId::new(NOW, chance()),
            client: asked_id.clone(),
            ceremony: Ceremony::SignIn,
            user: None,
            sealed: vec![1],
            expires: at(300),
        };
        store.passkey_challenge_put(Some(asked), None, challenge(1), NOW).await.unwrap();
        store.passkey_challenge_put(Some(other), None, challenge(2), NOW).await.unwrap();
        let take = |hash: u8, client: &ClientId, ceremony, now| {
            let (store, client) = (store.clone(), client.clone());
            async move { store.passkey_challenge_take([hash; 32], &client, ceremony, now).await.unwrap().is_some() }
        };
        assert!(!take(1, &other_id, Ceremony::SignIn, NOW).await, "another browser's");
        assert!(!take(1, &asked_id, Ceremony::StepUp, NOW).await, "another purpose");
        assert!(!take(1, &asked_id, Ceremony::SignIn, at(300)).await, "too late");
        let taken = at_once(20, |_| take(1, &asked_id, Ceremony::SignIn, NOW)).await;
        assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 1);
        store.sweep(at(301), std::time::Duration::from_secs(3600)).await.unwrap();
        assert!(!take(2, &asked_id, Ceremony::SignIn, NOW).await, "swept");
    }
}

#[tokio::test]
async fn one_signature_counts_once_and_one_credential_is_one_accounts() {
    for base in bases().await {
        let store = base.store.clone();
        let signed = signed_up(&store, "ada@example.com").await;
        let bob = signed_up(&store, "bob@example.com").await;
        let new = passkey();
        let id = new.id.clone();
        let account = Account { user: signed.user.clone(), version: 1 };
        let added = FactorChange::PasskeyAdded(new, None);
        store.factor_change(account, added, Trail::default(), NOW).await.unwrap();
        let theirs = Account { user: bob.user.clone(), version: 1 };
        let again = FactorChange::PasskeyAdded(passkey(), None);
        assert!(store.factor_change(theirs, again, Trail::default(), NOW).await.is_err());
        let owner = store.reader().passkey_by_credential(&[7; 16]).await.unwrap().unwrap();
        assert_eq!((&owner.user, &owner.id), (&signed.user, &id));

        let used = UsedPasskey { id, count_before: 0, count: 1, credential: "{}".into(), synced: false };
        let done = at_once(16, |_| {
            let (store, used) = (store.clone(), UsedFactor::Passkey(used.clone()));
            let account = Account { user: signed.user.clone(), version: 2 };
            async move { store.second_factor_used(account, used, Trail::default(), NOW).await }
        })
        .await;
        assert_eq!(done.iter().filter(|d| d.is_ok()).count(), 1);
        assert!(done.iter().all(|d| matches!(d, Ok(()) | Err(StoreError::Conflict))), "{done:?}");
    }
}
