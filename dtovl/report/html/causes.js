// The list of causes: each group of findings once, with the number of its places.

// On a phone the matrix lies below the list, and should not be far away.
const MOST_CAUSES = matchMedia("(min-width: 900px)").matches ? 60 : 6;

class Causes {
  /** chosen(group or null) is called when a cause is picked or let go. */
  constructor(element, model, labels, {chosen, openCase}) {
    Object.assign(this, {element, model, labels, chosen, openCase});
    this.selected = null;
    this.most = MOST_CAUSES;
    this.groups = [];
  }

  /** List these groups: what is new first, what is known or expected last. */
  show(groups) {
    const rank = (group) => (group.standing !== "new" ? 2 : group.between ? 1 : 0);
    this.groups = [...groups].sort((a, b) => rank(a) - rank(b));
    this.most = MOST_CAUSES;
    this.draw();
  }

  /** List all of them for paper, or again as many as before. */
  paper(on) {
    const most = this.most;
    if (on) this.most = Infinity;
    this.draw();
    this.most = most;
    for (const fold of this.element.querySelectorAll("details")) fold.open = on;
  }

  draw() {
    const kinds = [
      ["", (group) => group.standing === "new" && !group.between],
      ["Between overlays on one board", (group) => group.standing === "new" && group.between],
      ["Known and expected", (group) => group.standing !== "new"],
    ];
    let left = this.most;
    const parts = kinds.map(([title, fits]) => {
      const list = this.groups.filter(fits);
      const some = list.slice(0, Math.max(0, left));
      left -= some.length;
      return some.length > 0 && [
        title && make("h3", {}, title, " ", make("span", {class: "number"}, list.length)),
        make("ul", {class: "cause-list"}, some.map((group) => this.item(group))),
      ];
    });
    const rest = this.groups.length - this.most;
    const {fitsNothing} = this.model;
    this.element.replaceChildren();
    fill(this.element, [
      parts,
      rest > 0 && make("button", {type: "button", class: "more", onclick: () => {
        this.most += 240;
        this.draw();
      }}, `Show ${amount(rest, "more cause")}`),
      !this.groups.length && make("p", {class: "quiet"},
        this.model.groups.length ? "No cause fits." : "Nothing was found."),
      fitsNothing.length > 0 && make("details", {class: "fits-nothing"},
        make("summary", {}, `${amount(fitsNothing.length, "overlay")} fit no board`),
        make("ul", {}, fitsNothing.map((path) => make("li", {}, pathText(path))))),
    ]);
  }

  item(group) {
    const open = group === this.selected;
    const label = SEVERITIES[group.severity] || "info";
    return make("li", {class: `cause v-${label}${open ? " open" : ""} is-${group.standing}`},
      make("button", {
        type: "button", class: "cause-head", "aria-expanded": String(open), "data-group": group.number,
        onclick: () => this.select(open ? null : group),
      },
        make("span", {class: "line"}, make("span", {class: "code"}, `${label}[${group.code}]`), " ",
          make("span", {class: "short"}, group.name),
          group.standing !== "new" && make("span", {class: "tag"}, group.standing)),
        make("span", {class: "message"}, group.message),
        make("span", {class: "extent"}, this.extent(group))),
      open && this.places(group));
  }

  /** Say how far a cause reaches: 40 places, 38 of 41 boards. */
  extent(group) {
    const boards = new Set(group.places.map((place) => place.base).filter(Boolean)).size;
    const places = amount(group.places.length, "place");
    return boards > 1 ? `${places} · ${boards.toLocaleString("en")} of ${amount(this.model.boards, "board")}` : places;
  }

  /** Pick a cause, or null to let go. */
  select(group) {
    this.selected = group;
    const at = this.groups.indexOf(group);
    if (at >= this.most) this.most = at + 1;
    this.draw();
    this.chosen(group);
    const button = group && this.element.querySelector(`[data-group="${group.number}"]`);
    if (button) {
      button.focus({preventScroll: true});
      button.scrollIntoView({block: "nearest"});
    }
  }

  places(group, most = MOST_PLACES) {
    const [first] = group.places;
    const {fix, why, path} = first.finding;
    const across = (place) => place.stack || place.overlays.join(" + ");
    const oneNode = group.places.every((place) => place.finding.path === path);
    const same = first.base && group.places.every((place) => across(place) === across(first));
    const rest = group.places.length - most;
    const box = make("div", {class: "places"});
    fill(box, [
      make("dl", {}, row("why", why), row("fix", fix, "fix"),
        oneNode && row("node", path), same && row("with", across(first)),
        row("more", `dtovl explain ${group.code}`)),
      make("ul", {}, group.places.slice(0, most).map((place) => make("li", {}, this.place(place, !same, !oneNode)))),
      rest > 0 && make("button", {type: "button", class: "more", onclick: () => {
        box.replaceWith(this.places(group, most * 10));
      }}, `Show ${amount(rest, "more place")}`),
    ]);
    return box;
  }

  place({base, overlays, stack, finding, cases}, withOverlays, withNode) {
    const short = (path) => pathText(path, this.labels.get(path) || path);
    const across = stack ? [make("span", {class: "file"}, stack)] : overlays.map(short);
    const content = [
      base && short(base),
      withOverlays && across.map((name) => make("span", {class: "with"},
        base && make("span", {class: "plus"}, "+"), name)),
      withNode && finding.path && make("span", {class: "node"}, finding.path),
    ];
    if (!cases.length) return content;
    return make("button", {type: "button", class: "place", onclick: () => this.openCase(cases[0])},
      content);
  }
}
