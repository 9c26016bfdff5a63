// What ties the parts together: the filter, the toggles, the chosen cause, the open panel.

const model = readModel(JSON.parse(document.getElementById("data").textContent));
const lineSets = nameLines(model.cases);
const view = {
  words: [], states: new Set(), group: null, narrow: false, turned: false,
  shown: [], subject: null, waiting: 0,
  // The longer side runs down the page, where there is more room and names are easier to read.
  flipped: lineSets.others.length > lineSets.boards.length,
};
const byId = (id) => document.getElementById(id);
const details = byId("details");
const grid = new Grid(byId("grid"), {
  opened: (target, byPointer) => open(target, !byPointer),
  moved: (target) => {
    say(target);
    if (!details.hidden && target.one) open(target, false);
  },
  hovered: (target) => say(target || grid.target(grid.active)),
});
const labels = new Map([...lineSets.boards, ...lineSets.others].map((line) => [line.path, line.label]));
const causes = new Causes(byId("causes"), model, labels, {
  chosen: choose,
  openCase: (one) => openCase(one),
});

/** Work out anew what is shown, after any change of filter, toggles, cause or sides. */
function refresh() {
  const fitting = model.cases.filter((one) => view.words.every((word) => one.words.includes(word)));
  view.shown = view.states.size ? fitting.filter((one) => view.states.has(one.state)) : fitting;
  drawStates(fitting);
  const numbers = new Set(view.shown.map((one) => one.number));
  causes.show(model.groups.filter((group) => groupShows(group, numbers)));
  drawMatrix();
}

function groupShows(group, numbers) {
  for (const number of group.cases) if (numbers.has(number)) return true;
  if (group.cases.size || view.states.size) return false;
  const own = groupWords(group);
  return view.words.every((word) => own.includes(word));
}

function drawMatrix() {
  let cases = view.shown;
  const marked = view.group && view.group.cases;
  if (marked && view.narrow) {
    const inside = cases.filter((one) => marked.has(one.number));
    const boards = new Set(inside.map((one) => one.base));
    const others = new Set(inside.map((one) => one.across));
    cases = cases.filter((one) => boards.has(one.base) && others.has(one.across));
  }
  const used = (lines, name) => {
    const keys = new Set(cases.map((one) => one[name]));
    return lines.filter((line) => keys.has(line.key));
  };
  const [boards, others] = [used(lineSets.boards, "base"), used(lineSets.others, "across")];
  grid.marked = marked;
  if (sidesTurned(boards, others)) grid.show(cases, others, boards, true);
  else grid.show(cases, boards, others, false);
  byId("grid").hidden = !cases.length;
  byId("empty").hidden = cases.length > 0;
  byId("empty").textContent = model.cases.length ? "No case fits the filter." : "There are no cases.";
  const stacks = others.filter((line) => line.kind === "stack").length;
  const sides = [amount(boards.length, "board"), amount(others.length - stacks, "overlay")];
  if (stacks) sides.push(amount(stacks, "stack"));
  const all = model.cases.length;
  byId("shown").textContent = (cases.length === all ? amount(all, "case")
    : `${cases.length.toLocaleString("en")} of ${amount(all, "case")}`) + ` · ${sides.join(" · ")}`;
  drawMarked();
}

/** Tell whether boards run across. What is narrowed to a cause has its own longer side down. */
function sidesTurned(boards, others) {
  return view.group && view.narrow ? (others.length > boards.length) !== view.turned : view.flipped;
}

function swap() {
  const side = view.group && view.narrow ? "turned" : "flipped";
  view[side] = !view[side];
  drawMatrix();
}

/** Draw the toggles, which are the legend too; counts are of what the text filter leaves. */
function drawStates(fitting) {
  const counts = new Map(STATES.map(({key}) => [key, 0]));
  for (const one of fitting) counts.set(one.state, counts.get(one.state) + 1);
  const focused = document.activeElement?.dataset?.state;
  byId("states").replaceChildren(...STATES.map(({key, word, hint}) => make("button", {
    type: "button", class: "state", "data-state": key, title: `${word}: ${hint}`,
    "aria-pressed": String(view.states.has(key)), onclick: () => toggle(key),
  }, sign(key), ` ${word} `, make("span", {class: "number"}, counts.get(key).toLocaleString("en")))));
  byId("states").append(make("span", {class: "blank"}, "blank: not paired"));
  if (focused) byId("states").querySelector(`[data-state="${focused}"]`).focus();
}

function toggle(key) {
  if (!view.states.delete(key)) view.states.add(key);
  refresh();
}

/** Mark the cases of a cause, or none; what does not fit the window is narrowed to them. */
function choose(group) {
  const {clientWidth, clientHeight, scrollWidth, scrollHeight} = grid.element;
  if (group && !view.group) view.narrow = scrollWidth > clientWidth || scrollHeight > clientHeight;
  view.group = group;
  view.turned = false;
  drawMatrix();
  const first = group && view.shown.find((one) => group.cases.has(one.number));
  if (first) grid.goTo(first);
}

function drawMarked() {
  const box = byId("marked");
  const group = view.group;
  box.hidden = !group;
  box.replaceChildren();
  if (!group) return;
  fill(box, [
    make("span", {class: "code"}, group.code),
    make("span", {class: "short"}, amount(group.cases.size, "case")),
    make("button", {
      type: "button", class: "chip", "aria-pressed": String(view.narrow),
      onclick: () => { view.narrow = !view.narrow; drawMatrix(); },
    }, "hide the rest"),
    make("button", {type: "button", class: "chip", "aria-label": "Show all again",
                    onclick: () => causes.select(null)}, "✕"),
  ]);
}

/** Say below the matrix what the pointer or the active cell is on. */
function say({row, column, one}) {
  const names = [row, column].filter(Boolean);
  if (names[0]?.kind !== "board") names.reverse();
  byId("status").replaceChildren();
  fill(byId("status"), [
    one && [sign(one.state), " "],
    names.map((line, place) => [place ? " + " : "", line.label]),
    one ? `: ${outcome(one)}` : names.length === 2 ? ": not paired" : "",
  ]);
}

// -- the panel ------------------------------------------------------------------------------------

function open(target, takeFocus) {
  if (target.one) view.subject = target.one;
  else if (target.row && target.column) { close(); return; }
  else view.subject = target.row || target.column;
  if (view.subject) drawDetails(takeFocus);
}

function openCase(one, takeFocus = true) {
  if (!grid.goTo(one)) {
    clearFilters();
    grid.goTo(one);
  }
  open({one}, takeFocus);
}

function clearFilters() {
  view.words = [];
  view.states.clear();
  view.narrow = false;
  byId("filter").value = "";
  refresh();
}

function drawDetails(takeFocus) {
  const subject = view.subject;
  const links = {openCase, openGroup: (group) => causes.select(group)};
  const isCase = "overlays" in subject && "verdicts" in subject;
  const content = isCase ? caseDetails(model, subject, links)
    : lineDetails(model, subject, model.cases.filter(
      (one) => one.base === subject.key || one.across === subject.key), links);
  const step = (way, label, key) => make("button", {
    type: "button", class: "chip", "aria-label": label, title: `${label} (${key})`,
    onclick: () => { const one = grid.beside(way); if (one) openCase(one, false); },
  }, way < 0 ? "‹" : "›");
  details.hidden = false;
  document.body.classList.add("with-details");
  details.replaceChildren();
  fill(details, [
    make("div", {class: "bar"},
      isCase && [make("p", {}, sign(subject.state), STATE.get(subject.state).word),
        step(-1, "Previous case", "P"), step(1, "Next case", "N")],
      make("button", {type: "button", class: "chip close", "aria-label": "Close",
                      title: "Close (Escape)", onclick: close}, "✕")),
    make("div", {class: "content"}, content),
  ]);
  if (takeFocus) byId("details-title").focus();
}

function close() {
  if (details.hidden) return;
  const inside = details.contains(document.activeElement);
  details.hidden = true;
  document.body.classList.remove("with-details");
  if (inside) grid.element.focus();
}

// -- keys, theme, paper ---------------------------------------------------------------------------

function escape() {
  const filter = byId("filter");
  if (document.activeElement === filter && filter.value) {
    filter.value = "";
    readFilter();
  } else if (!details.hidden) close();
  else if (view.group) causes.select(null);
  else if (document.activeElement === filter) grid.element.focus();
}

function readFilter() {
  view.words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  // At most once a frame: typing goes on while a very large matrix is worked out anew.
  cancelAnimationFrame(view.waiting);
  view.waiting = requestAnimationFrame(refresh);
}

function globalKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const typing = event.target.matches("input");
  if (event.key === "Escape") escape();
  else if (event.key === "/" && !typing) byId("filter").focus();
  else if (/^[np]$/i.test(event.key) && details.contains(event.target)) {
    const one = grid.beside(event.key.toLowerCase() === "n" ? 1 : -1);
    if (one) openCase(one);
  } else return;
  event.preventDefault();
}

const THEMES = ["auto", "light", "dark"];

function setTheme(name) {
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  byId("theme").textContent = `Theme: ${name}`;
}

function startTheme() {
  // Some browsers keep nothing for files, and say so by an exception.
  const kept = (act) => { try { return act(localStorage); } catch { return null; } };
  let name = kept((store) => store.getItem("dtovl-theme"));
  if (!THEMES.includes(name)) name = "auto";
  setTheme(name);
  byId("theme").hidden = false;
  byId("theme").addEventListener("click", () => {
    name = THEMES[(THEMES.indexOf(name) + 1) % THEMES.length];
    kept((store) => store.setItem("dtovl-theme", name));
    setTheme(name);
  });
}

/** Draw the whole matrix for paper if a page can hold it; the causes say the rest. */
function paper(on) {
  const fits = grid.columns.length <= 24 && grid.rows.length <= 200;
  grid.whole = on && fits;
  document.body.classList.toggle("too-wide", !fits);
  grid.measure();
  grid.draw();
  causes.paper(on);
}

byId("filter").addEventListener("input", readFilter);
byId("swap").addEventListener("click", swap);
document.addEventListener("keydown", globalKey);
addEventListener("beforeprint", () => paper(true));
addEventListener("afterprint", () => paper(false));
startTheme();
byId("main").hidden = false;
refresh();
say(grid.target(grid.active));
