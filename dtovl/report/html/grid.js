// The matrix: an ARIA grid that draws only what shows, however many lines there are.
//
// Focus stays on the grid itself and aria-activedescendant names the cell, as cells come and go
// while it scrolls. Line -1 is the headers. Where a click fell is reckoned from its coordinates.

const HEADERS = -1;
const LETTER = 7.3;

class Grid {
  /** opened(target) is called for Enter and clicks, moved(target) when the active cell changes. */
  constructor(element, {opened, moved, hovered}) {
    this.element = element;
    this.handlers = {opened, moved, hovered};
    this.canvas = make("div", {class: "canvas", role: "presentation"});
    this.bands = [make("div", {class: "band", "aria-hidden": "true", hidden: true}),
                  make("div", {class: "band", "aria-hidden": "true", hidden: true})];
    this.element.append(this.canvas);
    this.rows = this.columns = new Axis([]);
    this.cells = [];
    this.order = [];
    this.active = {row: 0, column: 0};
    this.marked = null;
    this.whole = false;
    this.drawing = 0;
    element.addEventListener("scroll", () => this.later());
    new ResizeObserver(() => { this.measure(); this.later(); }).observe(element);
    element.addEventListener("keydown", (event) => this.key(event));
    element.addEventListener("click", (event) => this.click(event));
    element.addEventListener("pointermove", (event) => this.hover(this.hit(event)));
    element.addEventListener("pointerleave", () => this.hover(null));
  }

  /** Show these cases on these sides; the active cell stays on its lines where they are left. */
  show(cases, rows, columns, flipped) {
    const {row, column} = this.target(this.active);
    const turned = flipped !== this.flipped;
    this.flipped = flipped;
    this.rows = new Axis(rows);
    this.columns = new Axis(columns);
    this.cells = rows.map(() => []);
    for (const one of cases) {
      const [down, across] = flipped ? [one.across, one.base] : [one.base, one.across];
      const place = {one, row: this.rows.index.get(down), column: this.columns.index.get(across)};
      this.cells[place.row].push(place);
    }
    for (const line of this.cells) line.sort((a, b) => a.column - b.column);
    this.order = this.cells.flat();
    this.active = turned ? this.near(column, row) : this.near(row, column);
    this.hover(null);
    this.measure();
    if (turned) this.reveal();
    this.draw();
  }

  /** Ring these cases (a Set of numbers) and dim the others; null for none. */
  mark(numbers) {
    this.marked = numbers;
    this.later();
  }

  /** Give the place of two lines, of the first ones instead where they are gone. */
  near(row, column) {
    const place = (axis, line) => axis.index.get(line?.key) ?? 0;
    return {row: place(this.rows, row), column: place(this.columns, column)};
  }

  /** Find out how wide the headers are. */
  measure() {
    const longest = (axis) => Math.max(0, ...axis.lines.map((line) => line.label.length)) * LETTER;
    const {clientWidth, clientHeight} = this.element;
    const widest = this.whole ? 300 : Math.max(96, Math.min(340, clientWidth * 0.42));
    const highest = this.whole ? 200 : Math.max(80, Math.min(200, clientHeight * 0.36));
    this.side = Math.round(Math.min(widest, longest(this.rows) + 22));
    this.head = Math.round(Math.min(highest, longest(this.columns) + 18));
    this.canvas.style.width = `${this.side + this.columns.extent + 8}px`;
    this.canvas.style.height = `${this.head + this.rows.extent + 8}px`;
    this.element.style.setProperty("--tall", `${this.head + this.rows.extent + 24}px`);
    this.element.style.setProperty("--side", `${this.side}px`);
    this.element.style.setProperty("--head", `${this.head}px`);
    this.element.style.setProperty("--size", `${SIZE}px`);
    this.element.setAttribute("aria-rowcount", this.rows.length + 1);
    this.element.setAttribute("aria-colcount", this.columns.length + 1);
  }

  later() {
    if (!this.drawing) this.drawing = requestAnimationFrame(() => this.draw());
  }

  /** Draw what shows now. */
  draw() {
    cancelAnimationFrame(this.drawing);
    this.drawing = 0;
    const {scrollTop, scrollLeft, clientWidth, clientHeight} = this.element;
    const all = (axis) => [0, axis.length];
    const [top, bottom] = this.whole
      ? all(this.rows) : this.rows.window(scrollTop, scrollTop + clientHeight - this.head);
    const [left, right] = this.whole
      ? all(this.columns) : this.columns.window(scrollLeft, scrollLeft + clientWidth - this.side);
    const parts = [...this.bands, this.drawHead(left, right)];
    for (let row = top; row < bottom; row++) parts.push(this.drawRow(row, left, right));
    this.canvas.replaceChildren(...parts);
    const current = this.canvas.querySelector(".active");
    if (current) this.element.setAttribute("aria-activedescendant", current.id);
    else this.element.removeAttribute("aria-activedescendant");
  }

  drawHead(left, right) {
    const head = make("div", {class: "head", role: "row", "aria-rowindex": 1});
    head.append(make("div", {class: "corner", role: "presentation"}));
    for (let column = left; column < right; column++) {
      const line = this.columns.lines[column];
      const element = make("div", {
        id: `h${column}`, role: "columnheader", "aria-colindex": column + 2,
        class: `across ${line.kind}${this.activeClass(HEADERS, column)}`,
      }, pathText(line.path, line.label));
      element.style.left = `${this.side + this.columns.offset(column)}px`;
      head.append(element);
    }
    return head;
  }

  drawRow(row, left, right) {
    const line = this.rows.lines[row];
    const element = make("div", {class: "row", role: "row", "aria-rowindex": row + 2},
      make("div", {
        id: `r${row}`, role: "rowheader", "aria-colindex": 1,
        class: `down ${line.kind}${this.activeClass(row, HEADERS)}`,
      }, pathText(line.path, line.label)));
    element.style.top = `${this.head + this.rows.offset(row)}px`;
    let seen = false;
    for (const {one, column} of this.cells[row]) {
      if (column < left || column >= right) continue;
      seen = seen || (row === this.active.row && column === this.active.column);
      element.append(this.drawCell(one, row, column));
    }
    if (row === this.active.row && this.active.column >= 0 && !seen) {
      element.append(this.drawCell(null, row, this.active.column));
    }
    return element;
  }

  drawCell(one, row, column) {
    let classes = "cell" + this.activeClass(row, column);
    let label = "not paired";
    if (one) {
      const inside = !this.marked || this.marked.has(one.number);
      classes += ` s-${one.state}${inside ? "" : " dim"}`;
      label = `${[one.base, ...one.overlays].join(", ")}: ${outcome(one)}`;
    }
    const cell = make("div", {
      id: `c${row}-${column}`, role: "gridcell", class: classes,
      "aria-colindex": column + 2, "aria-label": label,
    }, one && STATE.get(one.state).sign);
    cell.style.left = `${this.side + this.columns.offset(column)}px`;
    return cell;
  }

  activeClass(row, column) {
    return row === this.active.row && column === this.active.column ? " active" : "";
  }

  /** Give what lies at a cell: its lines and the case, where there are such. */
  target({row, column}) {
    const found = (this.cells[row] || []).find((cell) => cell.column === column);
    return {
      row: this.rows.lines[row], column: this.columns.lines[column], one: found ? found.one : null,
    };
  }

  /** Find the cell under the pointer, null for none. */
  hit(event) {
    const box = this.element.getBoundingClientRect();
    const x = event.clientX - box.left - this.element.clientLeft - this.side;
    const y = event.clientY - box.top - this.element.clientTop - this.head;
    const row = y < 0 ? HEADERS : this.rows.find(y + this.element.scrollTop);
    const column = x < 0 ? HEADERS : this.columns.find(x + this.element.scrollLeft);
    const beyond = (y >= 0 && row < 0) || (x >= 0 && column < 0) || (x < 0 && y < 0);
    return beyond ? null : {row, column};
  }

  click(event) {
    const place = this.hit(event);
    if (!place) return;
    this.active = place;
    this.draw();
    this.handlers.opened(this.target(place), true);
  }

  hover(place) {
    const [across, down] = this.bands;
    across.hidden = !place || place.row < 0;
    down.hidden = !place || place.column < 0;
    if (!across.hidden) across.style.top = `${this.head + this.rows.offset(place.row)}px`;
    if (!down.hidden) down.style.left = `${this.side + this.columns.offset(place.column)}px`;
    across.className = "band across-band";
    down.className = "band down-band";
    this.handlers.hovered(place && this.target(place));
  }

  /** Make a cell the active one and bring it into view. */
  go(row, column) {
    if (!this.order.length) return;
    const clamp = (place, axis) => Math.max(HEADERS, Math.min(axis.length - 1, place));
    this.active = {row: clamp(row, this.rows), column: clamp(column, this.columns)};
    if (this.active.row < 0 && this.active.column < 0) this.active.row = 0;
    this.reveal();
    this.draw();
    this.handlers.moved(this.target(this.active));
  }

  /** Go to a case; false if it is not shown. */
  goTo(one) {
    const found = this.order.find((cell) => cell.one === one);
    if (found) this.go(found.row, found.column);
    return Boolean(found);
  }

  /** Give the case after (1) or before (-1) the active cell, among the marked ones if any are. */
  beside(step) {
    const {row, column} = this.active;
    const apart = (cell) => (cell.row - row || cell.column - column) * step;
    const fit = this.order.filter(
      (cell) => apart(cell) > 0 && (!this.marked || this.marked.has(cell.one.number)));
    return fit.length ? fit.at(step > 0 ? 0 : -1).one : null;
  }

  reveal() {
    const {row, column} = this.active;
    const view = this.element;
    const into = (start, from, room) => Math.max(Math.min(from, start), start + SIZE - room);
    if (row >= 0) {
      const room = view.clientHeight - this.head;
      view.scrollTop = into(this.rows.offset(row), view.scrollTop, room);
    }
    if (column >= 0) {
      const room = view.clientWidth - this.side;
      view.scrollLeft = into(this.columns.offset(column), view.scrollLeft, room);
    }
  }

  key(event) {
    if (event.altKey || event.metaKey) return;
    const {row, column} = this.active;
    const page = Math.max(1, Math.floor((this.element.clientHeight - this.head) / SIZE) - 1);
    const [last, end] = [this.rows.length - 1, this.columns.length - 1];
    const moves = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      PageUp: [Math.max(0, row - page), column], PageDown: [row + page, column],
      Home: event.ctrlKey ? [0, 0] : [row, 0], End: event.ctrlKey ? [last, end] : [row, end],
    };
    if (moves[event.key]) this.go(...moves[event.key]);
    else if (event.key === "Enter" || event.key === " ") {
      this.handlers.opened(this.target(this.active), false);
    } else if (!event.ctrlKey && /^[np]$/i.test(event.key)) {
      const one = this.beside(event.key.toLowerCase() === "n" ? 1 : -1);
      if (one) this.goTo(one);
    } else return;
    event.preventDefault();
  }
}
