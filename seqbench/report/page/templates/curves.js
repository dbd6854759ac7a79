"use strict";
// Draws the curves of one cell, on the canvas that charts.py uses. Texts go in as text, never as markup.
const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes = {}, ...children) {
  const isSvg = ["svg", "path", "g", "text", "title", "desc", "use"].includes(name);
  const made = isSvg ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function ticks(low, high, isLog) {
  const raw = (high - low || 1) / 5;
  const scale = 10 ** Math.floor(Math.log10(raw));
  let step = [1, 2, 5, 10].map((n) => n * scale).find((n) => n >= raw * 0.999);
  if (isLog) step = Math.max(1, Math.round(step));
  const places = [];
  for (let i = Math.floor(low / step + 1e-9); i <= Math.ceil(high / step - 1e-9); i++) places.push(i * step);
  return places.length > 1 ? places : [places[0], places[0] + step];
}

function written(value, isLog) {
  const plain = String(Number(value.toPrecision(6))).replace("-", "−");
  if (!isLog) return plain;
  return "10" + [...String(Math.round(value))].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c])).join("");
}

// curves: [[name, xs, ys], ...]; where isLog the ys are logarithms to base 10; where isDoubling the axis of the xs
// has equal room for each doubling.
function drawCurves({ id, title, description, xLabel, yLabel, isLog, isDoubling = false, curves, dashed, look }) {
  const place = isDoubling ? Math.log2 : (x) => x;
  const xs = curves.flatMap(([, x, y]) => x.filter((_, i) => y[i] !== null)).map(place);
  let ys = curves.flatMap(([, , y]) => y.filter((value) => value !== null));
  if (isLog) {
    const near = Math.max(...curves.map(([, , y]) => y.find((value) => value !== null) ?? -Infinity));
    ys = ys.map((value) => Math.max(value, near - 16));
    if (Math.max(...ys) - Math.min(...ys) < 1) ys.push(Math.max(...ys) - 1);
  }
  const acrossTicks = ticks(Math.min(0, ...xs), Math.max(...xs), isDoubling);
  const upTicks = ticks(Math.min(...ys), Math.max(...ys), isLog);
  const [left, right, low, high] = [acrossTicks[0], acrossTicks.at(-1), upTicks[0], upTicks.at(-1)];
  const across = (x) => Math.round(104 + ((x - left) / (right - left)) * 520);
  const up = (y) => Math.round(342 - Math.max((y - low) / (high - low), -4) * 328);

  const svg = element("svg", { viewBox: "0 0 640 420", role: "img", "aria-labelledby": `${id}-t`, "aria-describedby": `${id}-d` });
  svg.append(
    element("title", { id: `${id}-t` }, title),
    element("desc", { id: `${id}-d` }, description),
    element("path", { class: "grid", d: upTicks.map((y) => `M104 ${up(y)}H624`).join("") }),
    element("path", { class: "edge", d: "M104 342H624" + acrossTicks.map((x) => `M${across(x)} 342v7`).join("") }),
    element("g", { class: "ticks y" }, ...upTicks.map((y) => element("text", { x: 94, y: up(y) + 8 }, written(y, isLog)))),
    element("g", { class: "ticks x" }, ...acrossTicks.map((x) => element("text", { x: across(x), y: 374 }, written(isDoubling ? 2 ** x : x, false)))),
    element("text", { class: "label", x: 364, y: 410 }, xLabel),
    element("text", { class: "label", x: -178, y: 20, transform: "rotate(-90)" }, yLabel),
  );
  const lines = element("g", { "clip-path": "url(#plot)" });
  for (const [name, x, y] of curves) {
    let pen = "M";
    let path = "";
    y.forEach((value, i) => {
      if (value === null) { pen = "M"; return; }
      path += `${pen}${across(place(x[i]))} ${up(value)}`;
      pen = "L";
    });
    lines.append(element("g", { class: `${look[0].replace(/ d\d/, "")} curve ${name === dashed ? "init" : ""}` }, element("path", { class: "line", d: path })));
  }
  svg.append(lines);
  return svg;
}

function numbersOf(title, xLabel, isLog, curves) {
  const places = [...new Set(curves.flatMap(([, x]) => x))].sort((a, b) => a - b);
  const at = curves.map(([, x, y]) => new Map(x.map((place, i) => [place, y[i]])));
  const cell = (value) => (value === null || value === undefined ? "–" : isLog ? `10^${value}` : String(value));
  const head = element("tr", {}, ...[xLabel, ...curves.map(([name]) => name)].map((name) => element("th", { scope: "col" }, name)));
  const rows = places.map((place) =>
    element("tr", {}, element("th", { scope: "row" }, String(place)), ...at.map((curve) => element("td", {}, cell(curve.get(place))))),
  );
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Numbers of ${title}` }, table);
}
