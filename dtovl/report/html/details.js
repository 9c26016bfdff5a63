// The panel beside the matrix: all about one case, one board, or one overlay.

const MOST_PLACES = 30;

/** Show everything about a case; openCase and openGroup follow links. */
function caseDetails(model, one, {openCase, openGroup}) {
  const alone = one.overlays.length === 1;
  const title = one.name || (alone ? pathParts(one.overlays[0])[1] : "stack");
  return [
    make("h2", {id: "details-title", tabindex: -1}, title),
    make("p", {class: "subject"}, pathText(one.base),
      one.overlays.map((overlay) => [make("span", {class: "plus"}, " + "), pathText(overlay)])),
    one.reason && make("p", {class: "reason"}, make("b", {}, "Expected to fail: "), one.reason),
    verdictList(one),
    smallestList(one),
    part("Findings", one.marks.length, one.marks.map((mark) => findingCard(mark, openGroup))),
    part("With other overlays on this board", one.between.length,
      one.between.map(({place, group}) => findingCard(
        {finding: place.finding, group}, openGroup, betweenLine(place, one, openCase)))),
    !one.marks.length && !one.between.length && make("p", {class: "quiet"}, "No findings."),
    planPart(model, one),
  ];
}

/** Show what is known of a board or an overlay itself, and how its cases fare. */
function lineDetails(model, line, cases, {openGroup}) {
  const found = model.files.get(line.path) || [];
  const counts = STATES.map(({key, word}) => [key, word, cases.filter((one) => one.state === key)]);
  const kind = {board: "Board", overlay: "Overlay", stack: "Stack"}[line.kind];
  return [
    make("h2", {id: "details-title", tabindex: -1}, pathParts(line.path)[1]),
    make("p", {class: "subject"}, `${kind} `, line.kind === "stack"
      ? line.overlays.map((overlay, place) => [place ? " + " : "", pathText(overlay)])
      : pathText(line.path)),
    make("ul", {class: "verdicts"}, counts.filter(([, , list]) => list.length).map(
      ([key, word, list]) => make("li", {}, sign(key), ` ${word} in ${amount(list.length, "case")}`))),
    part("Findings about the file", found.length,
      found.map((mark) => findingCard(mark, openGroup))),
  ];
}

function part(title, number, content) {
  if (!number) return null;
  return make("section", {}, make("h3", {}, title, " ", make("span", {class: "number"}, number)),
    content);
}

function verdictList(one) {
  return make("ul", {class: "verdicts"}, one.verdicts.map(({applier, error, failedAt}) => {
    const who = one.overlays.length > 1 && failedAt >= 0
      ? ` at overlay ${failedAt + 1}, ${pathParts(one.overlays[failedAt] || "")[1]}` : "";
    return make("li", {}, make("b", {}, applier), " ", error
      ? [make("span", {class: "bad"}, error === "unreadable" ? "could not be read" : "refuses"),
        error !== "unreadable" && [", ", make("code", {}, error)], who]
      : make("span", {class: "good"}, "applies"));
  }));
}

function smallestList(one) {
  if (!one.smallest.length || one.overlays.length < 2) return null;
  return make("section", {},
    make("h3", {}, "Smallest part that breaks ",
      make("span", {class: "number"}, `${one.smallest.length} of ${one.overlays.length}`)),
    make("ol", {class: "chain"}, one.overlays.map((overlay, place) => {
      const guilty = one.smallest.includes(place);
      return make("li", {class: guilty ? "guilty" : "spare"}, pathText(overlay),
        make("span", {class: "visually-hidden"}, guilty ? " breaks" : " not needed to break"));
    })));
}

function betweenLine(place, one, openCase) {
  const other = place.cases.find((found) => found !== one);
  const name = place.overlays.find((overlay) => overlay !== one.overlays[0]) || place.overlays[0];
  const short = pathParts(name)[1];
  return make("p", {class: "beside"}, "together with ", other
    ? make("button", {type: "button", class: "link", onclick: () => openCase(other)}, pathText(name, short))
    : pathText(name, short));
}

/** Show one finding in the order of the command line: what, where, why, who, fix, kernel. */
function findingCard({finding, group}, openGroup, first = null) {
  const label = SEVERITIES[finding.severity] || "info";
  const others = group ? group.places.length - 1 : 0;
  return make("article", {class: `finding v-${label}`},
    make("header", {},
      make("span", {class: "code"}, `${label}[${finding.code}]`),
      group && make("span", {class: "short"}, group.name),
      group && group.standing !== "new" && make("span", {class: "tag"}, group.standing)),
    first,
    make("p", {class: "message"}, finding.message),
    finding.path && make("p", {class: "node"}, finding.path),
    make("dl", {},
      row("at", spotText(finding.at)), row("why", finding.why), row("who", finding.who),
      row("fix", finding.fix, "fix"),
      finding.notes.map((note) => row("note", [note.text, spotText(note.at)].filter(Boolean)
        .join("  ")))),
    finding.excerpt && make("pre", {class: "excerpt"}, lines(finding.excerpt)),
    finding.kernel.length > 0 && make("div", {class: "kernel"},
      make("span", {class: "caption"}, "kernel prints"), make("pre", {}, lines(finding.kernel))),
    others > 0 && make("button", {type: "button", class: "link", onclick: () => openGroup(group)},
      `Same cause at ${amount(others, "further place")}`));
}

function row(term, text, kind) {
  return text ? make("div", {class: kind}, make("dt", {}, term), make("dd", {}, text)) : null;
}

/** Give lines of text with real ends of line between; those inside a line are shown as such. */
function lines(text) {
  const list = Array.isArray(text) ? text : text.split("\n");
  return list.map((line, place) => [place ? document.createElement("br") : null, line]);
}

/** Show what the overlay changes, by fragment, as the plan of `dtovl apply` does. */
function planPart(model, one) {
  if (!one.plan.length) return null;
  const fragments = new Map();
  for (const number of one.plan) {
    const [fragment, ...change] = model.change(number);
    if (!fragments.has(fragment)) fragments.set(fragment, []);
    fragments.get(fragment).push(change);
  }
  return part("Plan", one.plan.length + one.more, [
    make("div", {class: "plan"}, [...fragments].map(([fragment, changes]) => [
      make("h4", {}, fragment || "elsewhere"),
      make("ul", {}, byNode(changes)),
    ])),
    one.more > 0 && make("p", {class: "quiet"}, `and ${amount(one.more, "more change")}`),
  ]);
}

function byNode(changes) {
  let last = null;
  return changes.map(([path, kind, property, before, after]) => {
    const heading = path === last || kind === "+node" ? null
      : make("li", {class: "of"}, make("span", {class: "path"}, path));
    last = path;
    if (kind === "+node") {
      return make("li", {class: "added"}, make("span", {class: "mark"}, "+ "),
        make("span", {class: "path"}, path));
    }
    const mark = kind === "+" ? "+ " : kind === "-" ? "- " : "~ ";
    return [heading, make("li", {class: `property ${kind === "+" ? "added" : "changed"}`},
      make("span", {class: "mark"}, mark), make("b", {}, property), valueText(before, after))];
  });
}

function valueText(before, after) {
  if (before && after) {
    return [" ", make("del", {}, before), make("span", {class: "arrow"}, " → "),
      make("ins", {}, after)];
  }
  return before ? [" ", make("del", {}, before)] : after ? [" ", make("ins", {}, after)] : null;
}
