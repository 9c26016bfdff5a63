// The data of the page as objects: cases, causes, and what belongs to which.

const STATES = [
  {key: "failed", sign: "✕", word: "failed", hint: "a new finding fails the run"},
  {key: "warned", sign: "!", word: "warned", hint: "findings that do not fail the run"},
  {key: "known", sign: "k", word: "known", hint: "all that is wrong stands in the baseline"},
  {key: "expected", sign: "e", word: "expected", hint: "declared to fail, and fails"},
  {key: "ok", sign: "✓", word: "ok", hint: "nothing found but notes"},
];
const STATE = new Map(STATES.map((state, rank) => [state.key, {...state, rank}]));
const SEVERITIES = ["", "info", "warning", "error"];

/** Read the data block and join cases, causes and places. */
function readModel(data) {
  const text = (number) => data.strings[number];
  const spot = ([file, line, column]) => ({file: text(file), line, column});
  const findings = data.findings.map((row, number) => ({
    number,
    code: text(row[0]), severity: row[1], path: text(row[2]), message: text(row[3]),
    at: spot(row[4]), why: text(row[5]), who: text(row[6]), fix: text(row[7]),
    notes: row[8].map(([note, at]) => ({text: text(note), at: spot(at)})),
    kernel: row[9].map(text), excerpt: text(row[10]),
  }));
  const verdicts = data.verdicts.map((row) => row.map(
    ([applier, error, failedAt]) => ({applier: text(applier), error: text(error), failedAt})));
  const model = {
    cases: data.cases.map((row, number) => ({
      number,
      base: text(row[0]), overlays: row[1].map(text), name: text(row[2]), state: row[3],
      verdicts: verdicts[row[4]], findings: row[5],
      reason: row.length > 6 ? text(row[6]) : "", smallest: row[7] || [],
      plan: row[8] || [], more: row[9] || 0,
      marks: [], between: [], words: "",
    })),
    groups: data.groups.map((row, number) => ({
      number,
      code: text(row[0]), name: text(row[1]), message: text(row[2]),
      severity: row[3], standing: row[4], cases: new Set(), between: false,
      places: row[5].map(([base, overlays, stack, finding]) => ({
        base: text(base), overlays: overlays.map(text), stack: text(stack),
        finding: findings[finding], cases: [],
      })),
    })),
    files: new Map(),
    boards: data.bases.length,
    fitsNothing: data.fitsNothing.map(text),
    /** Give change number n of a plan: fragment, path, kind, property, old, new. */
    change: (number) => data.changes[number].map(text),
  };
  joinPlaces(model);
  for (const one of model.cases) completeCase(one, findings);
  return model;
}

/** Tell each place which cases it marks, and each case what was found in it and beside it. */
function joinPlaces(model) {
  const key = (base, overlays, name) => JSON.stringify([base, overlays, name]);
  const byKey = new Map(model.cases.map((one) => [key(one.base, one.overlays, one.name), one]));
  for (const group of model.groups) {
    for (const place of group.places) {
      const own = byKey.get(key(place.base, place.overlays, place.stack));
      if (own) {
        place.cases = [own];
        own.marks.push({finding: place.finding, group});
      } else if (place.base && place.overlays.length === 2) {
        group.between = true;
        place.cases = place.overlays.map((overlay) => byKey.get(key(place.base, [overlay], "")))
          .filter(Boolean);
        for (const one of place.cases) one.between.push({place, group});
      } else {
        for (const file of [place.base, ...place.overlays].filter(Boolean)) {
          if (!model.files.has(file)) model.files.set(file, []);
          model.files.get(file).push({finding: place.finding, group});
        }
      }
      for (const one of place.cases) group.cases.add(one.number);
    }
  }
}

/** Put the findings of a case in their own order, and gather the words a filter looks in. */
function completeCase(one, findings) {
  const marks = new Map();
  for (const mark of one.marks) if (!marks.has(mark.finding)) marks.set(mark.finding, mark);
  const ordered = new Map(one.findings.map((number) => {
    const finding = findings[number];
    return [finding, marks.get(finding) || {finding, group: null}];
  }));
  for (const [finding, mark] of marks) if (!ordered.has(finding)) ordered.set(finding, mark);
  one.marks = [...ordered.values()];
  const words = [one.base, one.name, ...one.overlays];
  for (const {finding, group} of one.marks) {
    words.push(finding.code);
    if (group) words.push(group.name, group.message);
  }
  for (const {group} of one.between) words.push(group.code, group.name, group.message);
  for (const verdict of one.verdicts) words.push(verdict.error);
  one.words = [...new Set(words)].join("\n").toLowerCase();
}

/** Give the words that a filter looks in for a group without a case in the matrix. */
function groupWords(group) {
  const files = group.places.map((place) => [place.base, ...place.overlays].join("\n"));
  return [group.code, group.name, group.message, ...files].join("\n").toLowerCase();
}

/** Say in words what came of a case. */
function outcome(one) {
  const refusal = one.verdicts.find((verdict) => verdict.error);
  const state = STATE.get(one.state).word;
  return refusal ? `${state}, ${refusal.error}` : state;
}

/** Write the place of a finding in a source as editors read it. */
function spotText(at) {
  return [at.file, at.line, at.column].filter(Boolean).join(":");
}

/** Count things in words: 1 place, 1,234 places. */
function amount(number, noun, plural) {
  return `${number.toLocaleString("en")} ${number === 1 ? noun : plural || noun + "s"}`;
}
