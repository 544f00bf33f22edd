// Everything here is an addition: without it links and forms do the same.

for (const field of document.querySelectorAll('[data-reveal]')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'reveal';
  const tell = () => {
    const shown = field.type === 'text';
    button.textContent = shown ? field.dataset.hide : field.dataset.reveal;
    button.setAttribute('aria-pressed', String(shown));
  };
  button.addEventListener('click', () => {
    field.type = field.type === 'password' ? 'text' : 'password';
    tell();
    field.focus();
  });
  tell();
  field.parentElement.classList.add('with-button');
  field.after(button);
  field.form.addEventListener('submit', () => { field.type = 'password'; });
}

// Paper is a browser's own affair, which a script can only ask for.
for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => print());
}

// Light, dark or like the system, without loading the page again.
for (const form of document.querySelectorAll('form.theme')) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const theme = event.submitter.value;
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    for (const button of form.querySelectorAll('button')) button.setAttribute('aria-pressed', String(button === event.submitter));
    await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form, event.submitter)), redirect: 'manual' }).catch(() => null);
  });
}

// What is wrong is told once a field is left, and taken back while it is mended.
for (const field of document.querySelectorAll('input[data-wrong]')) {
  const id = `${field.id}-fault`;
  const tell = (wrong) => {
    const told = document.getElementById(id);
    if (wrong && !told) {
      const fault = document.createElement('p');
      Object.assign(fault, { id, className: 'fault', textContent: field.dataset.wrong });
      field.after(fault);
      field.setAttribute('aria-invalid', 'true');
      field.setAttribute('aria-describedby', id);
    } else if (!wrong && told) {
      told.remove();
      field.removeAttribute('aria-invalid');
      field.removeAttribute('aria-describedby');
    }
  };
  field.addEventListener('blur', () => tell(field.value !== '' && !field.checkValidity()));
  field.addEventListener('input', () => { if (field.checkValidity()) tell(false); });
}

// Who could not add a passkey is not asked to.
for (const field of document.querySelectorAll('input[name="knows_passkeys"]')) field.value = window.PublicKeyCredential ? 'yes' : '';

// Passkeys (WebAuthn Level 3): the form's options are asked for, and the browser's answer goes out with the form.
const passkeyForms = document.querySelectorAll('form[data-passkey]');
if (passkeyForms.length && window.PublicKeyCredential) {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const described = (all) => all?.map((one) => ({ ...one, id: bytes(one.id) }));
  const read = (o) => ({
    ...o,
    challenge: bytes(o.challenge),
    ...(o.user && { user: { ...o.user, id: bytes(o.user.id) } }),
    ...(o.allowCredentials && { allowCredentials: described(o.allowCredentials) }),
    ...(o.excludeCredentials && { excludeCredentials: described(o.excludeCredentials) }),
  });
  const written = (c) => {
    const response = {};
    for (const name of ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
      if (c.response[name]) response[name] = text(c.response[name]);
    }
    if (c.response.getTransports) response.transports = c.response.getTransports();
    return JSON.stringify({ id: c.id, rawId: text(c.rawId), type: c.type, response, clientExtensionResults: {} });
  };
  const asked = async (form) => {
    const answer = await fetch(form.dataset.options, { method: 'POST', body: new URLSearchParams({ csrf: form.elements.csrf.value }) }).catch(() => null);
    if (!answer?.ok || !answer.headers.get('content-type')?.startsWith('application/json')) return null;
    return { publicKey: read(await answer.json()), until: Date.now() + 240_000 };
  };
  const send = (form, credential) => {
    form.elements.passkey.value = written(credential);
    const remember = document.querySelector('input[type="checkbox"][name="remember"]');
    if (remember?.checked) {
      const kept = Object.assign(document.createElement('input'), { type: 'hidden', name: 'remember', value: 'yes' });
      form.append(kept);
    }
    form.requestSubmit();
  };
  let offer = null; // What waits in the field for whoever has a passkey.
  const offered = async (form) => {
    if (!await PublicKeyCredential.isConditionalMediationAvailable?.()) return;
    const waits = await asked(form);
    if (!waits) return;
    offer = { ...waits, stop: new AbortController() };
    const found = await navigator.credentials
      .get({ publicKey: waits.publicKey, mediation: 'conditional', signal: offer.stop.signal })
      .catch(() => null);
    if (found) send(form, found);
  };
  for (const form of passkeyForms) {
    const { passkey, options, failed, exists } = form.dataset;
    const fault = form.querySelector('.fault');
    const make = passkey === 'create';
    form.hidden = false;
    form.addEventListener('submit', async (event) => {
      if (form.elements.passkey.value) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      fault.textContent = '';
      offer?.stop.abort();
      const waits = offer?.until > Date.now() ? offer : await asked(form);
      offer = null;
      // Whatever the server has to say against it, it says to the form.
      if (!waits) { form.submit(); return; }
      try {
        send(form, await navigator.credentials[passkey]({ publicKey: waits.publicKey }));
      } catch (error) {
        fault.textContent = make && error.name === 'InvalidStateError' ? exists : failed;
      }
    });
    // In the list under the address's field, without being asked for; but not once more what was just refused.
    if (!make && !fault.textContent && document.querySelector('input[autocomplete~="webauthn"]')) offered(form);
  }
}

// A form goes out once, however often its button is pressed.
for (const form of document.querySelectorAll('form[method="post"]:not(.theme)')) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = 'yes';
    for (const button of form.querySelectorAll('button[type="submit"]')) button.setAttribute('aria-disabled', 'true');
  });
}
addEventListener('pageshow', () => {
  for (const form of passkeyForms) form.elements.passkey.value = '';
  for (const form of document.querySelectorAll('form[data-sent]')) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll('button[type="submit"]')) button.removeAttribute('aria-disabled');
  }
});

// A full code sends itself.
for (const field of document.querySelectorAll('input.digits')) {
  field.addEventListener('input', () => {
    const digits = field.value.replace(/\D/g, '').slice(0, 6);
    if (digits !== field.value) field.value = digits;
    if (digits.length === 6) field.form.requestSubmit();
  });
}

// A page that waits for a mailed link looks, whenever somebody comes back to it, whether the link was followed meanwhile.
if (document.querySelector('[data-waits]')) {
  document.addEventListener('visibilitychange', async () => {
    if (document.visibilityState !== 'visible') return;
    const answer = await fetch(location.href, { redirect: 'manual' }).catch(() => null);
    if (answer?.type === 'opaqueredirect') location.reload();
  });
}

// "Send again in 24 s", counted down.
for (const button of document.querySelectorAll('button[data-from]')) {
  const ready = Number(button.dataset.from) + performance.timeOrigin + performance.now() - Number(button.dataset.now);
  const words = button.textContent;
  const tick = () => {
    const left = Math.ceil((ready - (performance.timeOrigin + performance.now())) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? button.dataset.wait.replace('0', String(left)) : words;
    if (left > 0) setTimeout(tick, 1000);
  };
  tick();
}

// How strong a password is, told as one types.
for (const field of document.querySelectorAll('[data-strength]')) {
  const output = document.getElementById(field.dataset.told);
  let waiting;
  let last = '';
  field.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const password = field.value;
      if (password === last) return;
      last = password;
      if (!password) { output.replaceChildren(); return; }
      const body = new URLSearchParams({ csrf: field.form.elements.csrf.value, password });
      const answer = await fetch(field.dataset.strength, { method: 'POST', body }).catch(() => null);
      if (!answer?.ok || field.value !== password) return;
      const { score, text } = await answer.json();
      const meter = document.createElement('meter');
      Object.assign(meter, { min: 0, max: 4, low: 2.5, high: 3.5, optimum: 4, value: Math.max(score, 0.2) });
      meter.setAttribute('aria-hidden', 'true');
      output.replaceChildren(meter, text);
    }, 300);
  });
}
