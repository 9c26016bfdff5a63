(() => {
'use strict';
const table = document.getElementById('links');
const filter = document.getElementById('filter');
const kinds = document.getElementById('kinds');
const shown = document.getElementById('shown');
const empty = document.getElementById('empty');
const rows = [...table.tBodies[0].rows].map((row) => ({
  row,
  text: row.dataset.text.toLowerCase(),
  words: row.dataset.is.split(' '),
}));

function apply() {
  const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const pressed = [...kinds.querySelectorAll('[aria-pressed="true"]')].map((one) => one.dataset.is);
  let count = 0;
  for (const { row, text, words } of rows) {
    const fits = wanted.every((word) => text.includes(word))
      && (!pressed.length || pressed.some((word) => words.includes(word)));
    row.hidden = !fits;
    count += fits ? 1 : 0;
  }
  const all = !wanted.length && !pressed.length;
  table.classList.toggle('filtered', !all);
  shown.textContent = all ? '' : `${count} of ${rows.length} shown`;
  empty.hidden = count > 0;
}

filter.addEventListener('input', apply);
filter.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') {
    filter.value = '';
    apply();
    filter.blur();
  }
});
kinds.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button) {
    button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'));
    apply();
  }
});
document.addEventListener('keydown', (event) => {
  const free = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key === '/' && free && document.activeElement !== filter) {
    event.preventDefault();
    filter.focus();
  }
});
kinds.hidden = !kinds.children.length;
filter.parentElement.hidden = false;
apply();
})();
