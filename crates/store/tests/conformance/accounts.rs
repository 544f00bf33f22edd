use crate::kit::*;
use housekey_core::{
    event::EventKind,
    identifier::email::Email,
    ids::*,
    session::{Session, Status},
    sign_in::{Account, AnySignIn, SignIn, Strategy},
    sign_up::{AnySignUp, Fields, SentCode, SignUp},
};
use housekey_store::{
    Store, StoreError,
    clients::Rotation,
    sessions::{Room, SessionRow},
    sign_ins::{Completion, Proved, Trail},
    sign_ups::NewAccount,
    users::{NewEmail, NewUser},
    verifications::{NewVerification, Purpose},
};

pub struct Signed {
    pub user: UserId,
    pub client: ClientId,
    pub session: SessionId,
}

pub fn session(user: &UserId, client: &ClientId) -> SessionRow {
    let session = Session {
        id: SessionId::new(NOW, chance()),
        user: user.clone(),
        client: client.clone(),
        status: Status::Active,
        tasks: vec![],
        remembered: false,
        first_proved: NOW,
        second_proved: None,
        created: NOW,
        last_seen: NOW,
        expires: at(7 * 24 * 3600),
    };
    SessionRow { session, facts: vec![1] }
}

/// A sign-up up to its code, ready to be completed.
pub async fn pending(store: &Store, address: &str) -> NewAccount {
    let (new, _) = client();
    let email = Email::parse(address).unwrap();
    let verification = VerificationId::new(NOW, chance());
    let fields = Fields { email: Some(email.clone()), password_hash: Some("hash".into()), ..Fields::default() };
    let of = new.id.clone();
    let attempt = SignUp::begin(SignUpId::new(NOW, chance()), of.clone(), false, None, NOW);
    let sent = SentCode { verification: verification.clone(), sent: NOW, link: false };
    let attempt = attempt.fill(fields, NOW).unwrap().send(sent, NOW).unwrap();
    let id = attempt.id.clone();
    let code = NewVerification {
        id: verification.clone(),
        client: of.clone(),
        purpose: Purpose::SignUp,
        user: None,
        email: None,
        canonical: email.canonical().into(),
        code_hash: [9; 32],
        link: None,
        expires: at(600),
    };
    let trail = Trail { verification: Some(code), ..Trail::default() };
    store.sign_up_begin(Some(new), AnySignUp::Gathering(attempt), trail, NOW).await.unwrap();
    let user = UserId::new(NOW, chance());
    let session = session(&user, &of);
    NewAccount {
        attempt: (id, 1),
        user: NewUser {
            id: user.clone(),
            first_name: Some("Ada".into()),
            last_name: None,
            email: Some(NewEmail {
                id: EmailId::new(NOW, chance()),
                address: email.typed().into(),
                canonical: email.canonical().into(),
            }),
            username: None,
            phone: None,
            password: Some(hash("hash")),
            public_metadata: "{}".into(),
            unsafe_metadata: "{}".into(),
            legal_accepted: None,
            event_key: vec![1],
            handle: housekey_core::entropy::bytes(chance()),
            guest_since: None,
        },
        guest: None,
        rotation: rotation(&of, 1, Some(session.session.id.clone())),
        session,
        room: Room { per_user: 50, several_on_client: false },
        spent: Some(verification),
        two_step_due: None,
        followed: None,
        invitation: None,
        trail: Trail { events: vec![event(EventKind::UserCreated, Some(&user))], ..Trail::default() },
    }
}

pub async fn signed_up(store: &Store, address: &str) -> Signed {
    let new = pending(store, address).await;
    let signed = Signed {
        user: new.user.id.clone(),
        client: new.rotation.client.clone(),
        session: new.session.session.id.clone(),
    };
    store.sign_up_complete(new).await.unwrap();
    signed
}

/// A sign-in of this user on a new client, up to its last step.
pub async fn almost(store: &Store, user: &UserId, version: i64) -> Completion {
    let (new, _) = client();
    let of = new.id.clone();
    let id = SignInId::new(NOW, chance());
    let attempt = SignIn::begin(id.clone(), of.clone(), false, None, NOW)
        .identify(Email::parse("ada@example.com").unwrap(), vec![Strategy::Password]);
    let any = AnySignIn::NeedsFirstFactor(attempt);
    store.sign_in_begin(Some(new), any, Trail::default(), NOW).await.unwrap();
    completion(user, version, Some((id, 1)), rotation(&of, 1, None))
}

fn completion(user: &UserId, version: i64, attempt: Option<(SignInId, i64)>, mut rotation: Rotation) -> Completion {
    let session = session(user, &rotation.client);
    rotation.active_session = Some(session.session.id.clone());
    Completion {
        attempt,
        account: Account { user: user.clone(), version },
        session,
        room: Room { per_user: 3, several_on_client: false },
        rotation,
        proved: Proved {
            trail: Trail { events: vec![event(EventKind::SessionCreated, Some(user))], ..Trail::default() },
            ..Proved::default()
        },
    }
}

#[tokio::test]
async fn a_sign_up_makes_everything_or_nothing() {
    for base in bases().await {
        let store = &base.store;
        let signed = signed_up(store, "Ada@example.com").await;
        let user = store.reader().user_by_email("ada@example.com").await.unwrap().unwrap();
        assert_eq!((user.account.user, user.account.version), (signed.user.clone(), 1));
        assert_eq!(user.address.as_deref(), Some("Ada@example.com"));
        let checked = store.reader().check(&signed.client).await.unwrap().unwrap();
        assert_eq!(checked.signed_in.unwrap().session.id, signed.session);
        assert_eq!(store.reader().events_of_user(&signed.user, None, 10).await.unwrap().len(), 1);
        assert!(store.reader().sign_up(&signed.client, NOW).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn sixteen_sign_ups_of_one_address_make_one_account() {
    for base in bases().await {
        let store = base.store.clone();
        let mut waiting = Vec::new();
        for _ in 0..16 {
            waiting.push(std::sync::Mutex::new(Some(pending(&store, "ada@example.com").await)));
        }
        let done = at_once(16, |i| {
            let (store, new) = (store.clone(), waiting[i].lock().unwrap().take().unwrap());
            async move { store.sign_up_complete(new).await }
        })
        .await;
        assert_eq!(done.iter().filter(|d| d.is_ok()).count(), 1);
        assert!(done.iter().all(|d| matches!(d, Ok(()) | Err(StoreError::Taken(_)))), "{done:?}");
    }
}

#[tokio::test]
async fn one_attempt_ends_in_one_session_however_many_finish_it() {
    for base in bases().await {
        let store = base.store.clone();
        let signed = signed_up(&store, "ada@example.com").await;
        let one = almost(&store, &signed.user, 1).await;
        let (attempt, rotation) = (one.attempt.clone(), one.rotation.clone());
        let done = at_once(16, |_| {
            let store = store.clone();
            let c = completion(&signed.user, 1, attempt.clone(), rotation.clone());
            async move { store.sign_in_complete(c).await }
        })
        .await;
        assert_eq!(done.iter().filter(|d| d.is_ok()).count(), 1);
        assert!(done.iter().all(|d| matches!(d, Ok(()) | Err(StoreError::Conflict))), "{done:?}");
        let sessions = store.reader().sessions_of_user(&signed.user, NOW, 50).await.unwrap();
        assert_eq!(sessions.len(), 2);
    }
}

#[tokio::test]
async fn a_ban_or_a_new_password_wins_over_a_proof_made_before_it() {
    for base in bases().await {
        let store = &base.store;
        let signed = signed_up(store, "ada@example.com").await;
        let proved_before = almost(store, &signed.user, 1).await;
        let mut reset = almost(store, &signed.user, 1).await;
        reset.proved.renew = Some(hash("new"));
        store.sign_in_complete(reset).await.unwrap();
        assert_eq!(store.sign_in_complete(proved_before).await, Err(StoreError::Conflict));
        let others = store.reader().check(&signed.client).await.unwrap().unwrap();
        assert!(others.signed_in.is_none(), "the reset ended the first session");

        let user = store.reader().user(&signed.user).await.unwrap().unwrap();
        let proved = almost(store, &signed.user, user.account.version).await;
        store.set_state(&signed.user, "banned", NOW).await.unwrap();
        assert_eq!(store.sign_in_complete(proved).await, Err(StoreError::Conflict));
    }
}

#[tokio::test]
async fn sec_45_the_oldest_session_ends_for_a_new_one() {
    for base in bases().await {
        let store = &base.store;
        let signed = signed_up(store, "ada@example.com").await;
        for _ in 0..4 {
            store.sign_in_complete(almost(store, &signed.user, 1).await).await.unwrap();
        }
        assert_eq!(store.reader().sessions_of_user(&signed.user, NOW, 50).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn sec_27_a_deleted_user_is_signed_out_and_gone() {
    for base in bases().await {
        let store = &base.store;
        let signed = signed_up(store, "ada@example.com").await;
        store.delete_user(&signed.user, None).await.unwrap();
        assert!(store.reader().check(&signed.client).await.unwrap().unwrap().signed_in.is_none());
        assert!(store.reader().user_by_email("ada@example.com").await.unwrap().is_none());
    }
}
