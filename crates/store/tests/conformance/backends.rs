//! What apps' backends keep: keys, tickets, users that they make, and the list of all users.

use crate::{
    accounts::{almost, pending, signed_up},
    kit::*,
};
use housekey_core::{event::EventKind, ids::*, sign_in::Account, time::Time, token::opaque::TokenHash};
use housekey_store::{
    Store, StoreError,
    directory::{Filter, Order, Page},
    invitations::NewInvitation,
    sign_ins::Trail,
    steward::{KeptUser, UserChange},
    steward_emails::KeptEmail,
    tell::Person,
    users::{NewEmail, NewUser},
};

fn user(address: &str, external_id: Option<&str>) -> KeptUser {
    KeptUser {
        compromised: false,
        user: NewUser {
            id: UserId::new(NOW, chance()),
            first_name: Some("Ada".into()),
            last_name: None,
            email: Some(NewEmail {
                id: EmailId::new(NOW, chance()),
                address: address.into(),
                canonical: address.to_lowercase(),
            }),
            username: None,
            phone: None,
            password: None,
            public_metadata: "{}".into(),
            unsafe_metadata: "{}".into(),
            legal_accepted: None,
            event_key: vec![1],
            handle: housekey_core::entropy::bytes(chance()),
            guest_since: None,
        },
        more: vec![],
        more_phones: vec![],
        external_id: external_id.map(str::to_owned),
        private_metadata: "{}".into(),
        may_delete_self: true,
        banned: false,
        locked_until: None,
        created: NOW,
        totp: None,
    }
}

async fn keep(store: &Store, address: &str, external_id: Option<&str>) -> Result<UserId, StoreError> {
    let new = user(address, external_id);
    let id = new.user.id.clone();
    store.keep_user(new, Trail::default(), NOW).await.map(|()| id)
}

fn invitation(address: &str, replace: bool) -> NewInvitation {
    NewInvitation {
        id: InvitationId::new(NOW, chance()),
        address: address.into(),
        canonical: address.into(),
        public_metadata: "{}".into(),
        redirect_url: None,
        secret_hash: TokenHash::of(&[7; 32]),
        expires: at(3600),
        replace,
    }
}

fn count<T>(done: &[Result<T, StoreError>]) -> usize {
    done.iter().filter(|d| d.is_ok()).count()
}

#[tokio::test]
async fn nodes_that_start_together_agree_on_one_signing_key() {
    for base in bases().await {
        let (store, instance) = (base.store.clone(), InstanceId::new(NOW, chance()));
        at_once(16, |n| {
            let (store, instance) = (store.clone(), instance.clone());
            let key = vec![u8::try_from(n).unwrap()];
            async move { store.first_signing_key(&instance, InstanceId::new(NOW, chance()), key, NOW).await }
        })
        .await;
        assert_eq!(store.reader().signing_keys().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_key_signs_once_it_was_published_and_the_former_one_stays_for_its_tokens() {
    for base in bases().await {
        let (store, instance) = (&base.store, InstanceId::new(NOW, chance()));
        let ids: Vec<InstanceId> = (0..3).map(|_| InstanceId::new(NOW, chance())).collect();
        let made = || event(EventKind::SigningKeyMade, None);
        store.first_signing_key(&instance, ids[0].clone(), vec![0], NOW).await.unwrap();
        let early = store.activate_signing_key(&instance, &ids[1], NOW, made()).await;
        assert_eq!(early, Err(StoreError::Conflict), "a key that nobody knows yet may not sign");
        assert_eq!(store.reader().signing_keys().await.unwrap().len(), 1, "and nothing is retired for it");
        store.next_signing_key(&instance, ids[1].clone(), vec![1], made()).await.unwrap();
        store.next_signing_key(&instance, ids[2].clone(), vec![2], made()).await.unwrap();
        store.activate_signing_key(&instance, &ids[2], Time::from_millis(0), made()).await.unwrap();
        let mut known: Vec<_> = store.reader().signing_keys().await.unwrap().iter().map(|k| k.id.to_string()).collect();
        known.sort();
        let mut wanted = vec![ids[0].to_string(), ids[2].to_string()];
        wanted.sort();
        assert_eq!(known, wanted, "the one that was never used is gone");
    }
}

#[tokio::test]
async fn sec_44_of_all_who_come_with_one_ticket_one_signs_in() {
    for base in bases().await {
        let store = base.store.clone();
        let signed = signed_up(&store, "ada@example.com").await;
        let ticket = SignInTokenId::new(NOW, chance());
        let made = event(EventKind::SessionCreated, Some(&signed.user));
        store.make_sign_in_token(&ticket, &signed.user, TokenHash::of(&[1; 32]), at(60), made).await.unwrap();
        let mut waiting = Vec::new();
        for _ in 0..8 {
            let mut done = almost(&store, &signed.user, 1).await;
            done.proved.ticket = Some(ticket.clone());
            waiting.push(std::sync::Mutex::new(Some(done)));
        }
        let done = at_once(8, |i| {
            let (store, one) = (store.clone(), waiting[i].lock().unwrap().take().unwrap());
            async move { store.sign_in_complete(one).await }
        })
        .await;
        assert_eq!(count(&done), 1, "{done:?}");
        assert_eq!(store.reader().sessions_of_user(&signed.user, NOW, 50).await.unwrap().len(), 2);
        let revoked = store.revoke_sign_in_token(&ticket, event(EventKind::SessionEnded, None)).await.unwrap();
        assert!(!revoked, "what was used cannot be taken back");
    }
}

#[tokio::test]
async fn an_invitation_makes_one_account_and_a_revoked_one_none() {
    for base in bases().await {
        let store = base.store.clone();
        let (first, second) = (invitation("ada@example.com", false), invitation("bob@example.com", false));
        for new in [&first, &second] {
            store.invite(new.clone(), vec![], vec![], NOW).await.unwrap();
        }
        let mut waiting = Vec::new();
        for n in 0..8 {
            let mut new = pending(&store, &format!("ada{n}@example.com")).await;
            new.invitation = Some(first.id.clone());
            waiting.push(std::sync::Mutex::new(Some(new)));
        }
        let done = at_once(8, |i| {
            let (store, new) = (store.clone(), waiting[i].lock().unwrap().take().unwrap());
            async move { store.sign_up_complete(new).await }
        })
        .await;
        assert_eq!(count(&done), 1, "{done:?}");
        assert!(store.revoke_invitation(&second.id, event(EventKind::UserCreated, None)).await.unwrap());
        let mut late = pending(&store, "bob@example.com").await;
        late.invitation = Some(second.id.clone());
        assert!(store.sign_up_complete(late).await.is_err());
        assert!(store.reader().user_by_email("bob@example.com").await.unwrap().is_none(), "nothing is half made");
    }
}

#[tokio::test]
async fn one_invitation_waits_for_an_address_however_many_are_sent_at_once() {
    for base in bases().await {
        let store = base.store.clone();
        let done = at_once(12, |_| {
            let store = store.clone();
            async move { store.invite(invitation("ada@example.com", false), vec![], vec![], NOW).await }
        })
        .await;
        assert_eq!(count(&done), 1, "{done:?}");
        store.invite(invitation("ada@example.com", true), vec![], vec![], at(1)).await.unwrap();
        let (waiting, total) = store.reader().invitations(("pending", ""), at(1), 10, 0).await.unwrap();
        assert_eq!((waiting.len(), total), (1, 1), "a newer one replaces the one that waits");
        let (_, expired) = store.reader().invitations(("expired", "ADA@"), at(7200), 10, 0).await.unwrap();
        assert_eq!(expired, 1, "by its time, though nobody has marked it");
    }
}

#[tokio::test]
async fn an_answer_of_a_handshake_is_fetched_once() {
    for base in bases().await {
        let store = base.store.clone();
        let nonce = TokenHash::of(&[3; 32]);
        store.handshake_put(Some((nonce.clone(), vec![9], at(60))), None, NOW).await.unwrap();
        let taken = at_once(8, |_| {
            let (store, nonce) = (store.clone(), nonce.clone());
            async move { store.handshake_take(nonce, NOW).await.unwrap() }
        })
        .await;
        assert_eq!(taken.iter().flatten().collect::<Vec<_>>(), [&vec![9]]);
        let late = TokenHash::of(&[4; 32]);
        store.handshake_put(Some((late.clone(), vec![9], at(60))), None, NOW).await.unwrap();
        assert_eq!(store.handshake_take(late, at(60)).await.unwrap(), None, "and in its minute alone");
    }
}

#[tokio::test]
async fn two_users_have_neither_one_external_id_nor_one_proved_address() {
    for base in bases().await {
        let store = base.store.clone();
        let done = at_once(8, |n| {
            let store = store.clone();
            async move { keep(&store, &format!("ada{n}@example.com"), Some("a-1")).await }
        })
        .await;
        assert_eq!(count(&done), 1, "{done:?}");
        let done = at_once(8, |n| {
            let store = store.clone();
            async move { keep(&store, "bob@example.com", Some(&format!("b-{n}"))).await }
        })
        .await;
        assert_eq!(count(&done), 1, "{done:?}");
        let all = store.reader().count_users(&Filter::default()).await.unwrap();
        assert_eq!(all, 2, "whoever is refused leaves nothing behind");
        let found = store.reader().users_of_external_ids(&["a-1".into(), "none".into()]).await.unwrap();
        assert_eq!(found.len(), 1);
    }
}

#[tokio::test]
async fn a_change_that_was_made_against_an_older_user_changes_nothing() {
    for base in bases().await {
        let store = &base.store;
        let id = keep(store, "ada@example.com", None).await.unwrap();
        let change = |name: &str| UserChange {
            account: Account { user: id.clone(), version: 1 },
            updated: NOW,
            first_name: Some(name.into()),
            last_name: None,
            username: None,
            primary_phone: None,
            external_id: None,
            may_delete_self: true,
            legal_accepted: None,
            created: NOW,
            primary: None,
            password: None,
        };
        store.change_user(change("Grace"), Trail::default(), at(1)).await.unwrap();
        let late = store.change_user(change("Edsger"), Trail::default(), at(2)).await;
        assert_eq!(late, Err(StoreError::Conflict));
        let user = store.reader().user(&id).await.unwrap().unwrap();
        assert_eq!(user.first_name.as_deref(), Some("Grace"));
    }
}

#[tokio::test]
async fn an_address_that_somebody_proved_is_nobody_elses() {
    for base in bases().await {
        let store = &base.store;
        let (ada, bob) =
            (keep(store, "ada@example.com", None).await.unwrap(), keep(store, "bob@example.com", None).await);
        let give = |address: &str, version: i64| KeptEmail {
            account: Account { user: ada.clone(), version },
            id: EmailId::new(NOW, chance()),
            address: address.into(),
            canonical: address.into(),
            verified: true,
            primary: true,
            alone: true,
        };
        bob.unwrap();
        let taken = store.keep_email(give("bob@example.com", 1), Trail::default(), NOW).await;
        assert!(matches!(taken, Err(StoreError::Taken(_))), "{taken:?}");
        let user = store.reader().user_by_email("ada@example.com").await.unwrap().unwrap();
        assert_eq!(user.account.version, 1, "the refused one took nothing away");
        store.keep_email(give("ada@example.org", 1), Trail::default(), NOW).await.unwrap();
        assert!(store.reader().user_by_email("ada@example.com").await.unwrap().is_none(), "the others went");
    }
}

#[tokio::test]
async fn users_are_found_by_parts_as_they_are_written_and_listed_in_an_order() {
    for base in bases().await {
        let store = &base.store;
        for address in ["Ada_1@example.com", "adaX1@example.com", "bob%@example.com"] {
            keep(store, address, None).await.unwrap();
        }
        let page = |offset| Page { order: Order::Email, backwards: true, most: 2, offset, after: None };
        let of = |part: &str| Filter { part: part.into(), ..Filter::default() };
        let addresses = async |filter: &Filter, offset| {
            let users = store.reader().users(filter, &page(offset)).await.unwrap();
            users.into_iter().map(|Person { user, .. }| user.address.unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(addresses(&Filter::default(), 0).await, ["bob%@example.com", "adaX1@example.com"]);
        assert_eq!(addresses(&Filter::default(), 2).await, ["Ada_1@example.com"]);
        assert_eq!(addresses(&of("ADA_"), 0).await, ["Ada_1@example.com"], "no sign stands for another");
        assert_eq!(addresses(&of("%"), 0).await, ["bob%@example.com"]);
        assert_eq!(addresses(&of("' OR 1=1"), 0).await, Vec::<String>::new());
        assert_eq!(store.reader().count_users(&of("ada")).await.unwrap(), 3, "Bob's first name is Ada too");
        let of_address = Filter { part_of_address: "ada".into(), ..Filter::default() };
        assert_eq!(store.reader().count_users(&of_address).await.unwrap(), 2);
        let nobody = Filter { ids: Some(vec![]), ..Filter::default() };
        assert_eq!(store.reader().count_users(&nobody).await.unwrap(), 0, "an empty list names nobody");
    }
}

#[tokio::test]
async fn an_address_to_come_back_to_is_listed_once() {
    for base in bases().await {
        let store = base.store.clone();
        let done = at_once(8, |n| {
            let store = store.clone();
            let made = event(EventKind::UserCreated, None);
            async move { store.list_redirect_url(format!("ru_{n}"), "https://app.example.com/".into(), made).await }
        })
        .await;
        let ids: std::collections::BTreeSet<_> = done.into_iter().map(|d| d.unwrap().id).collect();
        assert_eq!(ids.len(), 1, "everybody is told of the same row");
        let (rows, total) = store.reader().redirect_urls(10, 0).await.unwrap();
        assert_eq!((rows.len(), total), (1, 1));
    }
}

#[tokio::test]
async fn a_secret_key_is_revoked_once_and_known_for_it() {
    for base in bases().await {
        let store = &base.store;
        let (id, hash) = (SecretKeyId::new(NOW, chance()), TokenHash::of(&[5; 32]));
        let made = || event(EventKind::SigningKeyMade, None);
        store.make_secret_key(&id, "shop".into(), hash.clone(), "…abcd".into(), made()).await.unwrap();
        assert_eq!(store.reader().secret_key(&hash).await.unwrap().unwrap().name, "shop");
        assert!(store.revoke_secret_key(&id, made()).await.unwrap());
        let row = store.reader().secret_key(&hash).await.unwrap().unwrap();
        assert_eq!(row.revoked, Some(NOW), "the row says so: whoever comes with it is told why");
        assert!(!store.revoke_secret_key(&id, made()).await.unwrap(), "once");
    }
}
