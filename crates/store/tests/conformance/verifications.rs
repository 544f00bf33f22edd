use crate::{
    accounts::{pending, signed_up},
    kit::*,
};
use housekey_core::ids::VerificationId;
use housekey_store::{
    StoreError,
    sign_ins::Trail,
    verifications::{NewVerification, Purpose, Try},
};

#[tokio::test]
async fn sec_35_a_hundred_parallel_guesses_get_five_tries() {
    for base in bases().await {
        let store = base.store.clone();
        let new = pending(&store, "ada@example.com").await;
        let (id, client) = (new.spent.clone().unwrap(), new.rotation.client.clone());
        let done = at_once(100, |_| {
            let (store, id, client) = (store.clone(), id.clone(), client.clone());
            async move { store.try_code(&id, &client, Purpose::SignUp, NOW).await.unwrap() }
        })
        .await;
        assert_eq!(done.iter().filter(|t| matches!(t, Try::Counted(_))).count(), 5);
        assert!(done.iter().all(|t| matches!(t, Try::Counted(_) | Try::Dead)));
    }
}

#[tokio::test]
async fn sec_30_34_a_code_serves_one_purpose_on_one_client_until_it_expires() {
    for base in bases().await {
        let store = &base.store;
        let new = pending(store, "ada@example.com").await;
        let stranger = signed_up(store, "eve@example.com").await.client;
        let (id, client) = (new.spent.as_ref().unwrap(), &new.rotation.client);
        for (client, purpose, now) in [
            (client, Purpose::Reset, NOW),
            (client, Purpose::SignIn, NOW),
            (&stranger, Purpose::SignUp, NOW),
            (client, Purpose::SignUp, at(600)),
        ] {
            assert!(matches!(store.try_code(id, client, purpose, now).await.unwrap(), Try::Dead));
        }
        assert!(matches!(store.try_code(id, client, Purpose::SignUp, NOW).await.unwrap(), Try::Counted(_)));
    }
}

#[tokio::test]
async fn sec_31_32_a_newer_code_replaces_the_older_and_each_is_taken_once() {
    for base in bases().await {
        let store = &base.store;
        let new = pending(store, "ada@example.com").await;
        let newer = NewVerification {
            id: VerificationId::new(NOW, chance()),
            client: new.rotation.client.clone(),
            purpose: Purpose::SignUp,
            user: None,
            email: None,
            canonical: "ada@example.com".into(),
            code_hash: [8; 32],
            link: None,
            expires: at(600),
        };
        let trail = Trail { verification: Some(newer), ..Trail::default() };
        store.leave_trail(trail, NOW).await.unwrap();
        let old =
            store.try_code(new.spent.as_ref().unwrap(), &new.rotation.client, Purpose::SignUp, NOW).await.unwrap();
        assert!(matches!(old, Try::Dead));
        assert_eq!(store.sign_up_complete(new).await, Err(StoreError::Conflict));
        assert!(store.reader().user_by_email("ada@example.com").await.unwrap().is_none(), "nothing half made");
    }
}
