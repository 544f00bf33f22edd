//! A letter of every kind, to try templates with.

use super::{facts::Facts, letter::Letter, mailed::MailedSecret};
use housekey_core::{identifier::email::Email, time::Time};

impl Letter {
    /// One letter of every kind, with plausible content: templates are tried with them at the start.
    pub(super) fn samples() -> Vec<Self> {
        let at = Time::from_millis(1_795_452_399_000);
        let soon = Time::from_millis(1_795_452_999_000);
        let asked = Facts::sample(at);
        let code = || MailedSecret::new("492817".to_owned());
        let not_me = || Some(MailedSecret::new("lnk_sample.c2FtcGxl".to_owned()));
        let cancel = || MailedSecret::new("lnk_sample.c2FtcGxl".to_owned());
        let until = Time::from_millis(1_795_711_599_000);
        let mut samples = vec![
            Self::SignInCode { code: Some(code()), link: None, expires: soon, asked: asked.clone() },
            Self::SignUpCode { code: Some(code()), link: None, expires: soon, asked: asked.clone() },
            Self::SignUpExisting { code: Some(code()), link: None, expires: soon, asked: asked.clone() },
            Self::ResetCode { code: Some(code()), link: None, expires: soon, asked: asked.clone() },
            Self::VerifyEmailCode { code: Some(code()), link: None, expires: soon, asked: asked.clone() },
            Self::StepUpCode { code: Some(code()), link: None, expires: soon, asked: asked.clone() },
            Self::NoticePasswordChanged { not_me: not_me(), asked: asked.clone() },
            Self::NoticeNewDevice { not_me: not_me(), asked: asked.clone() },
            Self::NoticeSignInRefused { not_me: not_me(), asked: asked.clone() },
            Self::DeviceCode { code: Some(code()), expires: soon, asked: asked.clone() },
            Self::NoticeFactorAdded { not_me: not_me(), asked: asked.clone() },
            Self::NoticeFactorRemoved { not_me: not_me(), asked: asked.clone() },
            Self::NoticePasskeyAdded { not_me: not_me(), asked: asked.clone() },
            Self::NoticePasskeyRemoved { not_me: not_me(), asked: asked.clone() },
            Self::NoticePasskeyCopied { not_me: not_me(), asked: asked.clone() },
            Self::NoticeTwoStepOn { not_me: not_me(), asked: asked.clone() },
            Self::NoticeTwoStepOff { not_me: not_me(), asked: asked.clone() },
            Self::NoticeBackupCodeUsed { not_me: not_me(), left: 9, asked: asked.clone() },
            Self::NoticePhoneAdded { not_me: not_me(), added: "+49•••89".to_owned(), asked: asked.clone() },
            Self::NoticePhoneRemoved { not_me: not_me(), removed: "+49•••89".to_owned(), asked: asked.clone() },
            Self::NoticeSecondPhoneOn { not_me: not_me(), phone: "+49•••89".to_owned(), asked: asked.clone() },
            Self::NoticeSecondPhoneOff { not_me: not_me(), phone: "+49•••89".to_owned(), asked: asked.clone() },
            Self::NoticeUsernameChanged { not_me: not_me(), asked: asked.clone() },
            Self::NoticeEmailRemoved { asked: asked.clone() },
            Self::NoticePrimaryReplaced { asked: asked.clone() },
            Self::NoticeRecoveryAsked { cancel: cancel(), until, asked: asked.clone() },
            Self::NoticeRecoverySoon { cancel: cancel(), until, asked: asked.clone() },
            Self::NoticeRecoveryDone { asked: asked.clone() },
            Self::NoticeRecoveryEnded { asked: asked.clone() },
            Self::NoticePasswordCompromised { asked: asked.clone() },
            Self::NoticePasswordClosed { asked: asked.clone() },
            Self::Invitation {
                ticket: MailedSecret::new("inv_sample.c2FtcGxl".to_owned()),
                until: Time::from_millis(1_798_044_399_000),
                asked: asked.clone(),
            },
            Self::WaitlistJoined { asked: asked.clone() },
            Self::NoticeWebhookDisabled { endpoint: "ep_sample (app.example.com)".to_owned(), asked: asked.clone() },
            Self::Test { asked: asked.clone() },
        ];
        let link = || Some(MailedSecret::new("ver_sample.c2FtcGxl".to_owned()));
        let (expires, at) = (soon, asked.clone());
        samples.extend([
            Self::SignInCode { code: Some(code()), link: link(), expires, asked: at.clone() },
            Self::SignInCode { code: None, link: link(), expires, asked: at.clone() },
            Self::SignUpCode { code: None, link: link(), expires, asked: at.clone() },
            Self::SignUpExisting { code: None, link: link(), expires, asked: at.clone() },
            Self::ResetCode { code: None, link: link(), expires, asked: at.clone() },
            Self::VerifyEmailCode { code: None, link: link(), expires, asked: at },
        ]);
        if let Ok(other) = Email::parse("ada.lovelace@new.example") {
            samples.push(Self::NoticeEmailAdded { not_me: not_me(), added: other.clone(), asked: asked.clone() });
            let undo = MailedSecret::new("lnk_sample.c2FtcGxl".to_owned());
            let undo_until = Time::from_millis(1_795_711_599_000);
            samples.push(Self::NoticePrimaryChanged { primary: other, undo, undo_until, asked });
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_122_a_letter_in_a_log_shows_no_secret() {
        for letter in Letter::samples() {
            let shown = format!("{letter:?}");
            assert!(!shown.contains("492817") && !shown.contains("c2FtcGxl"), "{shown}");
        }
    }

    #[test]
    fn every_letter_survives_the_queue() {
        for letter in Letter::samples() {
            let text = serde_json::to_string(&letter).unwrap();
            let back: Letter = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&back).unwrap(), text);
            assert!(text.contains(&format!("\"kind\":\"{}\"", letter.kind())));
        }
        assert_eq!(Letter::samples().len(), 43);
    }
}
