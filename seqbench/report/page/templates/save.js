"use strict";
// Saves a chart as a file: SVG with its styles, marks and legend inside it, or PNG of three pixels a unit. Always in
// the light colours, on white. Nothing is asked of a network: the file is made in the page.
const SAVED = ["fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "font-size", "font-weight", "text-anchor"];
const FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif";
const HEAD = 44;
const LINE = 36;
const MARGIN = 16;

function addSaving(figure) {
  const svg = figure.querySelector("svg[role=img]:not(.roll)");
  if (!svg || figure.querySelector(".save")) return;
  const title = svg.querySelector("title").textContent;
  const buttons = element("div", { class: "save" });
  for (const [kind, save] of [["SVG", saveSvg], ["PNG", savePng]]) {
    const button = element("button", { type: "button", "aria-label": `Save as ${kind}: ${title}` }, kind);
    button.addEventListener("click", () => save(standalone(figure, svg, title), fileName(title)));
    buttons.append(button);
  }
  figure.querySelector("figcaption").after(buttons);
}

function fileName(title) {
  return title.toLowerCase().replace(/[^\p{L}\p{N}=.]+/gu, "-").replace(/^[-.]+|-+$/g, "") || "chart";
}

// Returns the size and the text of a picture that needs no page: what styles say is written into each element.
function standalone(figure, svg, title) {
  figure.style.colorScheme = "light";
  const [, , inner, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const width = inner + MARGIN;
  const copy = svg.cloneNode(true);
  const copies = copy.querySelectorAll("*");
  svg.querySelectorAll("*").forEach((each, i) => fix(getComputedStyle(each), copies[i]));
  const legend = legendOf(figure, svg, width);
  figure.style.colorScheme = "";
  const below = legend.rows * LINE;
  const whole = element("svg", { viewBox: `0 0 ${width} ${HEAD + height + below}`, width, height: HEAD + height + below, "font-family": FONT });
  const body = element("g", { transform: `translate(0 ${HEAD})`, fill: "#1b1f24", "font-size": 24 });
  body.append(...[...copy.children].filter((child) => !["title", "desc"].includes(child.localName)));
  whole.append(
    element("title", {}, title),
    element("path", { fill: "#ffffff", d: `M0 0h${width}v${HEAD + height + below}H0z` }),
    defs(),
    element("text", { x: 8, y: 28, fill: "#1b1f24", "font-size": Math.min(24, (1.7 * width) / title.length), "font-weight": 600 }, title),
    body,
    element("g", { transform: `translate(0 ${HEAD + height})` }, ...legend.entries),
  );
  return { width, height: HEAD + height + below, text: new XMLSerializer().serializeToString(whole) };
}

function fix(style, copy) {
  if (style.display === "none") { copy.remove(); return; }
  for (const name of ["class", "id", "aria-labelledby", "aria-describedby"]) copy.removeAttribute(name);
  if (!["path", "use", "text", "circle"].includes(copy.localName)) return;
  for (const name of SAVED) copy.setAttribute(name, style.getPropertyValue(name));
}

// The marks that charts refer to, and the edges of their plots.
function defs() {
  const found = document.createElementNS(SVG, "defs");
  for (const each of document.querySelectorAll("svg.defs defs > path[id], svg.defs defs > clipPath")) found.append(each.cloneNode(true));
  return found;
}

// The models that are shown in a chart which does not name them; of a view of a cell, what its dashes say.
function legendOf(figure, svg, width) {
  const entries = [];
  let [x, row] = [8, 0];
  const place = (size) => {
    if (x > 8 && x + size > width) { x = 8; row += 1; }
    const at = `translate(${x} ${row * LINE})`;
    x += size;
    return at;
  };
  for (const chip of svg.classList.contains("extents") ? [] : document.querySelectorAll("button[data-model][aria-pressed=true]")) {
    const line = svg.querySelector(`g.${chip.dataset.model}:not(.curve) .line`);
    if (!line) continue;
    const { stroke, strokeDasharray } = getComputedStyle(line);
    const mark = `#k${Number(chip.dataset.model.slice(1)) % 8}`;
    entries.push(element("g", { transform: place(84 + 13 * chip.textContent.length) },
      element("path", { d: "M0 12h56", stroke, "stroke-width": 4, "stroke-dasharray": strokeDasharray, fill: "none" }),
      element("use", { href: mark, x: 28, y: 12, fill: stroke, stroke: "#ffffff", "stroke-width": 2 }),
      element("text", { x: 66, y: 20, "font-size": 22, fill: "#1b1f24" }, chip.textContent)));
  }
  const cross = figure.querySelector(".cross");
  if (cross) {
    entries.push(element("g", { transform: place(84 + 11 * cross.textContent.trim().length) },
      element("use", { href: "#kx", x: 28, y: 12, stroke: "#575e68", "stroke-width": 4 }),
      element("text", { x: 66, y: 20, "font-size": 22, fill: "#1b1f24" }, cross.textContent.trim())));
  }
  const which = entries.length ? null : figure.querySelector(".which");
  const words = which ? which.textContent.split(" ") : [];
  for (let line = []; words.length || line.length; ) {
    const isFull = line.join(" ").length + (words[0]?.length ?? Infinity) > width / 9.5;
    if (line.length && isFull) {
      entries.push(element("text", { transform: place(width), y: 20, "font-size": 18, fill: "#575e68" }, line.join(" ")));
      line = [];
    } else line.push(words.shift());
  }
  return { entries, rows: entries.length ? row + 1 : 0 };
}

function saveSvg({ text }, name) {
  offer(new Blob([text], { type: "image/svg+xml" }), `${name}.svg`);
}

function savePng({ width, height, text }, name) {
  const image = new Image();
  image.addEventListener("load", () => {
    const canvas = element("canvas", { width: 3 * width, height: 3 * height });
    canvas.getContext("2d").drawImage(image, 0, 0, 3 * width, 3 * height);
    canvas.toBlob((blob) => offer(blob, `${name}.png`));
  });
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
}

function offer(blob, name) {
  const address = URL.createObjectURL(blob);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

for (const figure of document.querySelectorAll("figure.chart")) addSaving(figure);
