// Building and finding elements. Text only ever becomes text: nothing here takes markup.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

/** An element with properties, attributes (`aria-…`, `data-…`, `role`, `for`) and children. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name.includes("-") || name === "role" || name === "for") node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** An icon of the sprite, for the eye only. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `playground/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A button with an icon, named for who cannot see it. */
export function iconButton(name, label, onclick, className = "button quiet square") {
  return el("button", { type: "button", className, title: label, "aria-label": label, onclick }, icon(name));
}

export function show(node, visible = true) {
  node.hidden = !visible;
}

/** 1234567 bytes as "1.2 MB". */
export function bytesText(count) {
  const units = ["B", "kB", "MB", "GB"];
  let value = Number(count) || 0;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** Copies text; says so on the button for a moment. */
export async function copy(button, text) {
  const label = button.querySelector(".label") ?? button;
  const before = label.textContent;
  label.textContent = (await written(text)) ? "Copied" : "Copying failed";
  setTimeout(() => (label.textContent = before), 1500);
}

async function written(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return writtenByHand(text);
  }
}

// Pages from plain http:// of another machine have no clipboard of their own.
function writtenByHand(text) {
  const area = el("textarea", { value: text, className: "offscreen" });
  const parent = document.querySelector("dialog[open]") ?? document.body;
  const focused = document.activeElement;
  parent.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return done;
}
