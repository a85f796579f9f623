// Where a visitor chooses a picture. `element`, `props` and `trigger` come from Gradio's HTML component.
// Whatever is chosen becomes the component's value: "file:" and base64 of the file, or "test:" and a number.
const say = (text) => {
  const note = element.querySelector('.note');
  note.textContent = text;
  note.hidden = !text;
  if (text) document.querySelector('#message .message')?.remove();
};
const mark = (chosen) => {
  for (const one of element.querySelectorAll('[data-test]')) one.classList.toggle('chosen', one === chosen);
};
const give = (value) => {
  say('');
  props.value = value;
  trigger('change');
};
const take = (file) => {
  if (!file) return;
  mark(null);
  if (file.size > props.most) {
    say(`This file cannot be used: it has ${(file.size / 1048576).toFixed(1)} MB; ` +
        `at most ${+(props.most / 1048576).toFixed(2)} MB are taken.`);
    return;
  }
  const reader = new FileReader();
  reader.onload = () => give('file:' + (reader.result.split(',')[1] || ''));
  reader.onerror = () => say('The browser could not read this file.');
  reader.readAsDataURL(file);
};
element.addEventListener('change', (event) => {
  if (event.target.type !== 'file') return;
  event.stopPropagation();
  take(event.target.files[0]);
  event.target.value = '';
});
element.addEventListener('click', (event) => {
  if (event.target.closest('.note')) say('');
  const chosen = event.target.closest('[data-test]');
  if (!chosen) return;
  mark(chosen);
  give('test:' + chosen.dataset.test);
});
// Anywhere on the page, so that a picture dropped beside the zone does not replace the page.
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  element.querySelector('.drop').classList.add('over');
});
document.addEventListener('dragleave', (event) => {
  if (!event.relatedTarget) element.querySelector('.drop').classList.remove('over');
});
document.addEventListener('drop', (event) => {
  event.preventDefault();
  element.querySelector('.drop').classList.remove('over');
  take(event.dataTransfer.files[0]);
});
document.addEventListener('paste', (event) => take(event.clipboardData.files[0]));
