(() => {
"use strict";
// Filter, toggles, theme. Everything the page tells is in it already, and works without this.

const byId = (id) => document.getElementById(id);
const rows = [...document.querySelectorAll(".row")].map((element) => ({
  element, state: element.dataset.state, changed: "changed" in element.dataset,
  text: null,
}));
const toggles = [...byId("states").children];
const filter = byId("filter");

/** Give what a row can be found by; made when it is first asked for, as there may be thousands. */
function textOf(row) {
  row.text ??= row.element.textContent.toLowerCase();
  return row.text;
}

function refresh() {
  const words = filter.value.toLowerCase().split(/\s+/u).filter(Boolean);
  const pressed = toggles.filter((one) => one.getAttribute("aria-pressed") === "true");
  const states = new Set(pressed.map((one) => one.dataset.state).filter(Boolean));
  const changed = pressed.some((one) => "changed" in one.dataset);
  let count = 0;
  for (const row of rows) {
    const fits = (!states.size || states.has(row.state)) && (!changed || row.changed)
      && words.every((word) => textOf(row).includes(word));
    row.element.hidden = !fits;
    count += fits;
  }
  byId("empty").hidden = count > 0;
  byId("shown").textContent = count === rows.length ? ""
    : `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")} shown`;
}

for (const one of toggles) {
  one.addEventListener("click", () => {
    one.setAttribute("aria-pressed", String(one.getAttribute("aria-pressed") !== "true"));
    refresh();
  });
}
filter.addEventListener("input", refresh);
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== filter && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    filter.focus();
  } else if (event.key === "Escape" && document.activeElement === filter) {
    filter.value = "";
    refresh();
    filter.blur();
  }
});

/** Open the row that a link leads to, even where the filter has hidden it. */
function show() {
  const row = document.getElementById(location.hash.slice(1));
  if (!row || !row.classList.contains("row")) return;
  row.hidden = false;
  row.open = true;
  row.scrollIntoView({block: "nearest"});
}
addEventListener("hashchange", show);
show();

const theme = byId("theme");
const dark = matchMedia("(prefers-color-scheme: dark)");
function name() {
  const now = document.documentElement.dataset.theme || (dark.matches ? "dark" : "light");
  theme.textContent = now === "dark" ? "Light" : "Dark";
  return now;
}
theme.addEventListener("click", () => {
  document.documentElement.dataset.theme = name() === "dark" ? "light" : "dark";
  name();
});
dark.addEventListener("change", name);
name();
for (const one of [theme, byId("states"), document.querySelector(".find")]) one.hidden = false;
})();
