// Moves the border between two pictures, and saves either. `element` comes from Gradio's HTML component.
element.addEventListener('input', (event) => {
  const pair = event.target.closest('.pair');
  if (pair) pair.style.setProperty('--at', event.target.value + '%');
});
element.addEventListener('click', (event) => {
  const link = event.target.closest('[data-save]');
  if (link) link.href = link.closest('.compare').querySelector('img.' + link.dataset.save).src;
});
