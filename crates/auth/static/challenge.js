// The widget solves the challenge of its form by itself, and the form waits for it.

for (const box of document.querySelectorAll('.challenge[data-work]')) {
  const told = box.querySelector('[role="status"]');
  const form = box.closest('form');
  let solved = false;
  let wanted = null;
  globalThis.$altcha.algorithms.set('PBKDF2/SHA-256', () => new Worker(box.dataset.worker));
  const widget = document.createElement('altcha-widget');
  widget.setAttribute('configuration', JSON.stringify({
    auto: 'onload',
    challenge: JSON.parse(box.dataset.work),
    display: 'invisible',
    humanInteractionSignature: false,
    minDuration: 0,
    name: 'altcha',
  }));
  told.textContent = told.dataset.working;
  widget.addEventListener('statechange', ({ detail }) => {
    if (detail.state === 'error') told.textContent = told.dataset.failed;
    if (detail.state !== 'verified') return;
    solved = true;
    told.textContent = told.dataset.done;
    if (wanted) form.requestSubmit(wanted === form ? undefined : wanted);
  });
  form.addEventListener('submit', (event) => {
    if (solved) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    wanted = event.submitter ?? form;
  }, true);
  box.append(widget);
}
