// Making elements. Text from devicetrees reaches the page as text nodes and attribute values only.

const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]/gu;

/** Write control, reordering and invisible characters visibly, as the command line does. */
function visible(text) {
  return text.replace(HIDDEN, (character) => {
    const number = character.codePointAt(0);
    const hex = number.toString(16);
    return number < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`;
  });
}

/** Make an element; of attributes, class is short for className, and on... add listeners. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : visible(String(value)));
  }
  fill(element, children);
  return element;
}

/** Append children; strings become text, nothing is left out. */
function fill(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : visible(String(child)));
  }
}

/** Write the sign of a state; its word stands beside it or in the label of what holds it. */
function sign(state) {
  const {sign: mark, word} = STATE.get(state);
  return make("span", {class: `sign s-${state}`, "aria-hidden": "true", title: word}, mark);
}

/** Split a path into the folder and the name, so that the name can be shown in full. */
function pathParts(path) {
  const cut = path.lastIndexOf("/") + 1;
  return [path.slice(0, cut), path.slice(cut)];
}

/** Write a file's path with the folder dim; the folder shrinks first. */
function pathText(path, label = path) {
  const [folder, name] = pathParts(label);
  return make("span", {class: "file", title: path},
    folder && make("span", {class: "folder"}, folder), make("span", {class: "name"}, name));
}
