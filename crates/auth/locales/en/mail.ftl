# What mail says. In every message: $app (the product's name), $host (where its pages are), $device, $when.
# Letters with a code have also $code and $minutes; those with a link alone have $minutes and words of their own. The
# code stays out of subjects: locked screens show those.

mail-language = en
mail-direction = ltr
mail-facts-code = Asked for
mail-facts-notice = When and where
mail-fact-when = When
mail-fact-device = Browser
mail-fact-address = Address
mail-fact-place = Place
mail-device = { $browser } on { $system }
mail-device-unknown = Unknown
mail-footer = Sent by { $app }, { $host }.
mail-code-life =
    { $minutes ->
        [one] The code works once, within one minute of being asked for, in the browser that asked for it.
       *[other] The code works once, within { $minutes } minutes of being asked for, in the browser that asked for it.
    }
mail-code-keep = Give it to nobody. { $app } never asks you for it by phone, by mail or in a chat.
mail-code-or-link = Or follow this link in the same browser, and press the button that it shows:
mail-link-do = Continue
mail-link-life =
    { $minutes ->
        [one] The link works once, within one minute of being asked for, in the browser that asked for it.
       *[other] The link works once, within { $minutes } minutes of being asked for, in the browser that asked for it.
    } Opened in another browser, it shows a code to type in the first one.
mail-link-keep = Give link and code to nobody. { $app } never asks you for them by phone, by mail or in a chat.
mail-notice-rescue = If it was not you, go to { $host }, choose “Forgot your password?” and set a new one. That signs out every device.

mail-notice-not-me = If it was not you, secure your account. That signs out every device, and the password works no more. The link works for three days.
mail-notice-not-me-do = This was not me

mail-sign-in-code-subject = Your code to sign in to { $app }
mail-sign-in-code-first = { $code } is your code to sign in to { $app }.
mail-sign-in-code-title = Sign in to { $app }
mail-sign-in-code-lead = Type this code on the page that asks for it:
mail-sign-in-code-not-you = If you did not ask for it, do nothing. Without the code nobody gets in.

mail-device-code-subject = Your code for a new device on { $app }
mail-device-code-first = { $code } is your code to sign in to { $app } on a new device.
mail-device-code-title = A new device signs in to { $app }
mail-device-code-lead = Somebody typed your password on a device that your account does not know. If it was you, type this code on the page that asks for it:
mail-device-code-not-you = If it was not you, somebody knows your password: set a new one. Without the code they do not get in.

mail-sign-in-link-subject = Your link to sign in to { $app }
mail-sign-in-link-first = Here is your link to sign in to { $app }.
mail-sign-in-link-title = Sign in to { $app }
mail-sign-in-link-lead = Follow this link, and press the button that it shows:
mail-sign-in-link-not-you = If you did not ask for it, do nothing. Without the link nobody gets in.

mail-sign-up-code-subject = Your code to sign up for { $app }
mail-sign-up-code-first = { $code } is your code to sign up for { $app }.
mail-sign-up-code-title = Sign up for { $app }
mail-sign-up-code-lead = Type this code on the page that asks for it:
mail-sign-up-code-not-you = If you did not ask for it, do nothing. Without the code no account is made with your address.

mail-sign-up-link-subject = Your link to sign up for { $app }
mail-sign-up-link-first = Here is your link to sign up for { $app }.
mail-sign-up-link-title = Sign up for { $app }
mail-sign-up-link-lead = Follow this link, and press the button that it shows:
mail-sign-up-link-not-you = If you did not ask for it, do nothing. Without the link no account is made with your address.

mail-sign-up-existing-subject = You already have an account with { $app }
mail-sign-up-existing-first = { $code } is your code to sign in to { $app }. You already have an account.
mail-sign-up-existing-title = You already have an account
mail-sign-up-existing-lead = Somebody, probably you, is signing up for { $app } with this address, which has an account already. No new one is made. To sign in to yours, type this code on the page that asks for it:
mail-sign-up-existing-not-you = If it was not you, do nothing. Your account stays as it is, and without the code nobody gets in.

mail-sign-up-existing-link-subject = You already have an account with { $app }
mail-sign-up-existing-link-first = Here is your link to sign in to { $app }. You already have an account.
mail-sign-up-existing-link-title = You already have an account
mail-sign-up-existing-link-lead = Somebody, probably you, is signing up for { $app } with this address, which has an account already. No new one is made. To sign in to yours, follow this link, and press the button that it shows:
mail-sign-up-existing-link-not-you = If you did not ask for it, do nothing. Your account stays as it is, and without the link nobody gets in.

mail-reset-code-subject = Your code to set a new password for { $app }
mail-reset-code-first = { $code } is your code to set a new password for { $app }.
mail-reset-code-title = Set a new password
mail-reset-code-lead = Type this code on the page that asks for it. A new password signs out every other device.
mail-reset-code-not-you = If you did not ask for it, do nothing. Your password stays as it is.

mail-reset-link-subject = Your link to set a new password for { $app }
mail-reset-link-first = Here is your link to set a new password for { $app }.
mail-reset-link-title = Set a new password
mail-reset-link-lead = Follow this link, and press the button that it shows. A new password signs out every other device.
mail-reset-link-not-you = If you did not ask for it, do nothing. Your password stays as it is.

mail-verify-email-code-subject = Your code to add this address to { $app }
mail-verify-email-code-first = { $code } is your code to add this e-mail address to your { $app } account.
mail-verify-email-code-title = Add this e-mail address
mail-verify-email-code-lead = Type this code on the page that asks for it:
mail-verify-email-code-not-you = If you did not ask for it, do nothing. Without the code your address is not added to any account.

mail-verify-email-link-subject = Your link to add this address to { $app }
mail-verify-email-link-first = Here is your link to add this e-mail address to your { $app } account.
mail-verify-email-link-title = Add this e-mail address
mail-verify-email-link-lead = Follow this link, and press the button that it shows:
mail-verify-email-link-not-you = If you did not ask for it, do nothing. Without the link your address is not added to any account.

mail-step-up-code-subject = Your code to confirm a change on { $app }
mail-step-up-code-first = { $code } is your code to confirm a change to your { $app } account.
mail-step-up-code-title = Confirm that it is you
mail-step-up-code-lead = You are about to change something important. Type this code on the page that asks for it:
mail-step-up-code-not-you = If you did not ask for it, somebody is using your account. Go to { $host }, choose “Forgot your password?” and set a new one. That signs out every device.

mail-notice-password-changed-subject = Your { $app } password was changed
mail-notice-password-changed-first = The password of your { $app } account was changed.
mail-notice-password-changed-title = Your password was changed
mail-notice-password-changed-lead = Every other device was signed out. If it was you, there is nothing to do.

mail-notice-email-added-subject = An e-mail address was added to your { $app } account
mail-notice-email-added-first = { $added } was added to your { $app } account.
mail-notice-email-added-title = An e-mail address was added
mail-notice-email-added-lead = Once it is confirmed with a code, it can be used to sign in. If it was you, there is nothing to do.

mail-notice-email-removed-subject = This address was removed from a { $app } account
mail-notice-email-removed-first = This e-mail address was removed from the { $app } account that it belonged to.
mail-notice-email-removed-title = This address was removed
mail-notice-email-removed-lead = It cannot be used to sign in there any more. If it was you, there is nothing to do.
mail-notice-email-removed-rescue = If it was not you, sign in at { $host } with another way you have, and change your password. That signs out every other device.

mail-notice-primary-changed-subject = The primary address of your { $app } account was changed
mail-notice-primary-changed-first = { $primary } is now the primary address of your { $app } account.
mail-notice-primary-changed-title = Your primary address was changed
mail-notice-primary-changed-lead = Mail about your account goes there from now on. If it was you, there is nothing to do.
mail-notice-primary-changed-undo-lead = If it was not you, undo it. This works until { $undo-until }.
mail-notice-primary-changed-undo = Undo the change

mail-notice-new-device-subject = Your { $app } account was used on a new device
mail-notice-new-device-first = Somebody signed in to your { $app } account on a device it had not been used on before.
mail-notice-new-device-title = A sign-in on a new device
mail-notice-new-device-lead = If it was you, there is nothing to do.

mail-notice-sign-in-refused-subject = Somebody with your { $app } password was refused
mail-notice-sign-in-refused-first = Somebody typed the right password of your { $app } account, from where it is so unusual that they were not let in.
mail-notice-sign-in-refused-title = Somebody knows your password
mail-notice-sign-in-refused-lead = If it was you, sign in with a code by e-mail, or on a device that you have used before.

mail-notice-phone-added-subject = A phone number was added to your { $app } account
mail-notice-phone-added-first = The phone number { $added } was added to your { $app } account.
mail-notice-phone-added-title = A phone number was added
mail-notice-phone-added-lead = Once it is verified, codes that are sent to it sign in. If it was you, there is nothing to do.

mail-notice-phone-removed-subject = A phone number was removed from your { $app } account
mail-notice-phone-removed-first = The phone number { $added } was removed from your { $app } account.
mail-notice-phone-removed-title = A phone number was removed
mail-notice-phone-removed-lead = It signs in no more. If it was you, there is nothing to do.

mail-notice-username-changed-subject = Your { $app } username was changed
mail-notice-username-changed-first = The username of your { $app } account was changed.
mail-notice-username-changed-title = Your username was changed
mail-notice-username-changed-lead = The former one signs in no more. If it was you, there is nothing to do.

mail-notice-factor-added-subject = Two-step verification was set up on your { $app } account
mail-notice-factor-added-first = An authenticator app was added to your { $app } account.
mail-notice-factor-added-title = An authenticator app was added
mail-notice-factor-added-lead = From now on signing in asks for its code. If it was you, there is nothing to do.

mail-notice-factor-removed-subject = An authenticator app was removed from your { $app } account
mail-notice-factor-removed-first = An authenticator app was removed from your { $app } account.
mail-notice-factor-removed-title = An authenticator app was removed
mail-notice-factor-removed-lead = Without one, signing in asks for no second step. If it was you, there is nothing to do.

mail-notice-passkey-added-subject = A passkey was added to your { $app } account
mail-notice-passkey-added-first = A passkey was added to your { $app } account.
mail-notice-passkey-added-title = A passkey was added
mail-notice-passkey-added-lead = Whoever has it can sign in with it. If it was you, there is nothing to do.

mail-notice-passkey-removed-subject = A passkey was removed from your { $app } account
mail-notice-passkey-removed-first = A passkey was removed from your { $app } account.
mail-notice-passkey-removed-title = A passkey was removed
mail-notice-passkey-removed-lead = It signs nobody in any more. If it was you, there is nothing to do.

mail-notice-passkey-copied-subject = A passkey of your { $app } account was refused
mail-notice-passkey-copied-first = A passkey of your { $app } account was refused: there may be a copy of it.
mail-notice-passkey-copied-title = There may be a copy of a passkey
mail-notice-passkey-copied-lead = A security key counts how often it is used, and this count went back. Nobody was signed in. Sign in another way, remove that passkey and add a new one.

mail-notice-second-phone-on-subject = Two-step verification was set up on your { $app } account
mail-notice-second-phone-on-first = From now on signing in to your { $app } account asks for a code by text message to { $added }.
mail-notice-second-phone-on-title = Signing in asks for a code to your phone
mail-notice-second-phone-on-lead = Codes go to { $added }. If it was you, there is nothing to do.

mail-notice-second-phone-off-subject = Codes to a phone are no longer asked for on your { $app } account
mail-notice-second-phone-off-first = Signing in to your { $app } account no longer asks for a code by text message to { $added }.
mail-notice-second-phone-off-title = Codes to a phone are no longer asked for
mail-notice-second-phone-off-lead = No code goes to { $added } any more. If it was you, there is nothing to do.

mail-notice-two-step-on-subject = Two-step verification was set up on your { $app } account
mail-notice-two-step-on-first = Two-step verification was set up on your { $app } account.
mail-notice-two-step-on-title = Two-step verification is on
mail-notice-two-step-on-lead = From now on signing in without a passkey asks for one as a second step. If it was you, there is nothing to do.

mail-notice-two-step-off-subject = A passkey is no longer asked for on your { $app } account
mail-notice-two-step-off-first = Signing in to your { $app } account no longer asks for a passkey as a second step.
mail-notice-two-step-off-title = A passkey is no longer asked for
mail-notice-two-step-off-lead = If it was you, there is nothing to do.

mail-notice-backup-code-used-subject = A backup code of your { $app } account was used
mail-notice-backup-code-used-first = A backup code of your { $app } account was used.
mail-notice-backup-code-used-title = A backup code was used
mail-notice-backup-code-used-lead =
    { $left ->
        [0] It was the last one: make new ones. If it was you, there is nothing else to do.
        [one] One is left: make new ones soon. If it was you, there is nothing else to do.
       *[other] { $left } are left. If it was you, there is nothing to do.
    }

mail-test-subject = { $app } can send mail
mail-test-first = This is a test. { $app } can send mail.
mail-test-title = Mail works
mail-test-lead = The operator of { $app } asked for this message to try the mail settings. There is nothing to do.

mail-notice-primary-replaced-subject = The primary address of your { $app } account was changed
mail-notice-primary-replaced-first = Whoever runs { $app } made another address the primary one of your account.
mail-notice-primary-replaced-title = Your primary address was changed
mail-notice-primary-replaced-lead = Mail about your account goes there from now on.
mail-notice-primary-replaced-rescue = If you did not expect this, ask whoever runs { $app } about it.

mail-notice-webhook-disabled-subject = { $app } stopped telling a webhook endpoint
mail-notice-webhook-disabled-first = { $app } tells the webhook endpoint { $endpoint } nothing more.
mail-notice-webhook-disabled-title = A webhook endpoint was switched off
mail-notice-webhook-disabled-lead = It took no message for most of a day, or answered that it wants none. Once it works again, run “housekey webhook enable” and “housekey webhook replay”.
mail-notice-webhook-disabled-rescue = If you did not expect this, look into the log: it says what the endpoint answered.

mail-waitlist-joined-subject = You are on the waitlist of { $app }
mail-waitlist-joined-first = This address is on the waitlist of { $app }.
mail-waitlist-joined-title = You are on the waitlist
mail-waitlist-joined-lead = As soon as there is room, an invitation comes to it.
mail-waitlist-joined-rescue = If you did not ask for this, ignore this message: no account is made without you.

mail-invitation-subject = You are invited to { $app }
mail-invitation-first = You are invited to make an account at { $app }.
mail-invitation-title = You are invited
mail-invitation-lead = The link below is for you alone. It works until { $until }.
mail-invitation-accept = Accept the invitation
mail-invitation-rescue = If you do not know { $app }, ignore this message: nothing happens.

mail-notice-recovery-asked-subject = Somebody wants into your { $app } account without the second step
mail-notice-recovery-asked-first = Somebody who has your password, or reads your mail, asked to have two-step verification removed from your { $app } account.
mail-notice-recovery-asked-title = A request to remove two-step verification
mail-notice-recovery-asked-lead = If it was you, there is nothing to do but to wait: it is removed on { $until }, and then you sign in with a code by e-mail.
mail-notice-recovery-asked-rescue = If it was not you, say no. Then set a new password, since somebody else has yours.
mail-notice-recovery-asked-do = No, it was not me

mail-notice-recovery-soon-subject = Two-step verification of your { $app } account is removed soon
mail-notice-recovery-soon-first = On { $until } two-step verification is removed from your { $app } account, as somebody asked.
mail-notice-recovery-soon-title = Two-step verification is removed soon
mail-notice-recovery-soon-lead = If it was you, there is nothing to do but to wait.
mail-notice-recovery-soon-rescue = If it was not you, say no now. Then set a new password, since somebody else has yours.
mail-notice-recovery-soon-do = No, it was not me

mail-notice-recovery-done-subject = Two-step verification of your { $app } account was removed
mail-notice-recovery-done-first = Two-step verification was removed from your { $app } account, as was asked for and nobody objected to.
mail-notice-recovery-done-title = Two-step verification was removed
mail-notice-recovery-done-lead = Every device was signed out, and the old password opens nothing any more.
mail-notice-recovery-done-rescue = Set a new password by way of this mailbox, then turn two-step verification on again. If it was not you, do that at once.
mail-notice-recovery-done-do = Set a new password

mail-notice-recovery-ended-subject = Two-step verification of your { $app } account stays on
mail-notice-recovery-ended-first = The request to remove two-step verification from your { $app } account is over. Nothing was removed.
mail-notice-recovery-ended-title = Two-step verification stays on
mail-notice-recovery-ended-lead = If it was you who made the request or ended it, there is nothing to do.
mail-notice-recovery-ended-rescue = If it was not you, set a new password: somebody else has yours, or reads your mail.

mail-notice-password-compromised-subject = Set a new { $app } password
mail-notice-password-compromised-first = The password of your { $app } account may be known to others, so it opens nothing any more.
mail-notice-password-compromised-title = Set a new password
mail-notice-password-compromised-lead = Nothing says that somebody used it here. If you did not use it elsewhere, it may have been guessed.
mail-notice-password-compromised-rescue = Choose one that you use nowhere else. Where you used the old one, change it as well.
mail-notice-password-compromised-do = Set a new password

mail-notice-password-closed-subject = Many wrong passwords were tried on your { $app } account
mail-notice-password-closed-first = Many wrong passwords in a row were tried on your { $app } account, from devices that it does not know.
mail-notice-password-closed-title = Your password is closed for unknown devices
mail-notice-password-closed-lead = On those devices no password is taken any more, not even the right one. Devices that you have used before are not affected.
mail-notice-password-closed-rescue = If you did not try: nobody got in, and there is nothing to do. If it was you, sign in with a code by e-mail. That opens the password again.
mail-notice-password-closed-do = Sign in
sms-code = { $code } is your { $app } code. Give it to nobody. It works for 10 minutes.
sms-reset = { $code } is your code to set a new { $app } password. Give it to nobody. It works for 10 minutes.
sms-existing = You have a { $app } account already. { $code } signs you in. Give it to nobody. It works for 10 minutes.
