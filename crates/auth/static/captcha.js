// A provider's widget answers the challenge of a form, and the form waits for it.

const SCRIPTS = {
  turnstile: 'https://challenges.cloudflare.com/turnstile/v0/api.js',
  hcaptcha: 'https://js.hcaptcha.com/1/api.js',
  recaptcha: 'https://www.google.com/recaptcha/api.js',
};
// Fields that the widgets put into the form on their own; ours says the same.
const THEIRS = ['cf-turnstile-response', 'h-captcha-response', 'g-recaptcha-response'];

for (const box of document.querySelectorAll('.challenge[data-captcha]')) {
  const { captcha, siteKey, action } = box.dataset;
  const told = box.querySelector('[role="status"]');
  const form = box.closest('form');
  const place = document.createElement('div');
  const shown = document.createElement('input');
  Object.assign(shown, { type: 'hidden', name: 'captcha' });
  box.append(place, shown);
  let wanted = null;
  const solved = (token) => {
    shown.value = token;
    told.textContent = told.dataset.done;
    if (wanted) form.requestSubmit(wanted === form ? undefined : wanted);
  };
  const unsolved = (words) => {
    shown.value = '';
    told.textContent = words;
  };
  // Without the widget the form goes all the same: the server asks the provider whether it answers at all.
  const failed = () => {
    shown.value = 'not-loaded';
    told.textContent = told.dataset.failed;
  };
  globalThis.housekeyCaptcha = () => {
    const widgets = { turnstile: globalThis.turnstile, hcaptcha: globalThis.hcaptcha, recaptcha: globalThis.grecaptcha };
    const size = box.clientWidth < 304 ? 'compact' : 'normal';
    const dark = matchMedia('(prefers-color-scheme: dark)').matches;
    const theme = document.documentElement.dataset.theme || (dark ? 'dark' : 'light');
    const own = captcha === 'turnstile' ? { action, 'response-field': false } : {};
    widgets[captcha].render(place, {
      sitekey: siteKey,
      size,
      theme,
      callback: solved,
      'expired-callback': () => unsolved(told.dataset.working),
      'error-callback': failed,
      ...own,
    });
  };
  unsolved(told.dataset.working);
  form.addEventListener('submit', (event) => {
    if (shown.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    wanted = event.submitter ?? form;
    told.tabIndex = -1;
    told.focus();
  }, true);
  form.addEventListener('formdata', ({ formData }) => THEIRS.forEach((name) => formData.delete(name)));
  const script = document.createElement('script');
  script.src = `${SCRIPTS[captcha]}?render=explicit&onload=housekeyCaptcha`;
  script.addEventListener('error', failed);
  document.head.append(script);
}
