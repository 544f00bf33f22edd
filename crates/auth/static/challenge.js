// The widget solves the challenge of a form by itself, unseen, and the form waits for it.

for (const box of document.querySelectorAll('.challenge[data-work]')) {
  const told = box.querySelector('[role="status"]');
  const form = box.closest('form');
  const shown = document.createElement('input');
  Object.assign(shown, { type: 'hidden', name: 'altcha' });
  box.append(shown);
  let wanted = null;
  globalThis.$altcha.algorithms.set('PBKDF2/SHA-256', () => new Worker(box.dataset.worker));
  const widget = document.createElement('altcha-widget');
  widget.hidden = true;
  widget.setAttribute('configuration', JSON.stringify({
    auto: 'onload',
    challenge: JSON.parse(box.dataset.work),
    display: 'invisible',
    humanInteractionSignature: false,
    minDuration: 0,
  }));
  told.textContent = told.dataset.working;
  widget.addEventListener('statechange', ({ detail }) => {
    if (detail.state === 'error') told.textContent = told.dataset.failed;
    if (detail.state !== 'verified') return;
    shown.value = detail.payload;
    told.textContent = told.dataset.done;
    if (wanted) form.requestSubmit(wanted === form ? undefined : wanted);
  });
  form.addEventListener('submit', (event) => {
    if (shown.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    wanted = event.submitter ?? form;
  }, true);
  // Outside of the form: what it is made of is none of the form's fields.
  document.body.append(widget);
}
