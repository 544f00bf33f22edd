use crate::kit::*;
use housekey_core::ids::MailId;
use housekey_store::mail::{Channel, MailEnd, NewMail};

#[tokio::test]
async fn a_mail_is_claimed_by_one_node_and_taken_up_again_when_that_node_died() {
    for base in bases().await {
        let store = base.store.clone();
        for _ in 0..20 {
            let mail = NewMail {
                id: MailId::new(NOW, chance()),
                channel: Channel::Mail,
                sealed: vec![1, 2],
                never_send: false,
                expires: at(600),
                told: None,
            };
            store.mail_queue(mail, NOW).await.unwrap();
        }
        let claims = at_once(8, |i| {
            let store = store.clone();
            async move { store.mail_claim(Channel::Mail, &format!("node{i}"), NOW, at(60), 10).await.unwrap() }
        })
        .await;
        let mut ids: Vec<_> = claims.into_iter().flatten().map(|m| m.id).collect();
        // A node that came while all were being claimed takes what is left later.
        ids.extend(store.mail_claim(Channel::Mail, "late", NOW, at(60), 20).await.unwrap().into_iter().map(|m| m.id));
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 20);
        assert!(store.mail_claim(Channel::Mail, "other", at(59), at(120), 10).await.unwrap().is_empty());
        let again = store.mail_claim(Channel::Mail, "other", at(60), at(120), 50).await.unwrap();
        assert_eq!(again.len(), 20);
        assert_eq!(again[0].tries, 1);
        store.mail_ended(&again[0].id, MailEnd::Sent, None, at(61)).await.unwrap();
        store.mail_again(&again[1].id, at(70), "smtp_451".into()).await.unwrap();
        assert_eq!(store.mail_next_due(Channel::Mail).await.unwrap(), Some(at(70)));
        assert_eq!(store.mail_claim(Channel::Mail, "other", at(200), at(260), 50).await.unwrap().len(), 19);
    }
}
