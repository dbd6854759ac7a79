"use strict";
// The detail view of a cell, opened by its address #cell-KEY. All that it shows lies in the page: JSON in compressed
// parts, the first of which holds what cells share. A part is unpacked when one of its cells is opened.
{
  const { points } = JSON.parse(document.getElementById("cells").textContent);
  const parts = [...document.querySelectorAll("script.cells")].map((script) => ({ script, data: null }));
  const links = new Map([...document.querySelectorAll("#rows a[href^='#cell-']")].map((link) => [link.getAttribute("href"), link]));
  const dialog = document.getElementById("cell");
  const body = dialog.querySelector(".body");
  const charts = [
    ["loss", "Training loss", "step", "loss", false],
    ["score", "Score on validation data", "step", "score", false],
    ["norm", "Gradient norm while training, before clipping", "step", "norm", true],
    ["state", "Gradient of the loss by the state", "lag (steps)", "norm", true],
    ["input", "Gradient of the loss by the input", "lag (steps)", "norm", true],
  ];

  const facts = (pairs) =>
    element("dl", { class: "facts" }, ...pairs.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));

  const unpack = (part) => {
    const packed = Uint8Array.from(atob(part.script.textContent), (char) => char.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return new Response(stream).json();
  };
  const unpacked = (part) => (part.data ??= unpack(part));

  const figure = (data, cell, [name, title, xLabel, yLabel, isLog]) => {
    const curves = cell.curves.filter(([chart]) => chart === name).map(([, label, grid, ys]) => [label, data.grids[grid], ys]);
    return drawn(cell, { name, title, xLabel, yLabel, isLog, curves, dashed: "init", which: "dashed: before training; solid: after" });
  };

  // A curve of scores, beside that of the baseline.
  const scored = (data, cell, [title, xLabel, lines], number) => {
    const curves = lines.map(([label, grid, ys]) => [label, data.grids[grid], ys]);
    const dashed = curves.map(([label]) => label).find((label) => label !== "network");
    return drawn(cell, { name: `scored-${number}`, title, xLabel, yLabel: title.split(" ")[0], isLog: false, isDoubling: true, curves, dashed, which: `dashed: the baseline, ${dashed}; solid: the network` });
  };

  const drawn = (cell, { name, title, xLabel, yLabel, isLog, isDoubling = false, curves, dashed, which: said }) => {
    if (!curves.some(([, xs]) => xs.length > 1)) return [];
    const description = `${title}, against ${xLabel}: ${curves.map(([label]) => label).join(", ")}.` + (isLog || isDoubling ? " The axis is logarithmic." : "");
    const details = element("details", { class: "numbers" }, element("summary", {}, "Numbers", element("span", { class: "unseen" }, ` of ${title}`)));
    details.addEventListener("toggle", () => details.append(numbersOf(title, xLabel, isLog, curves)), { once: true });
    const which = curves.length > 1 ? [element("p", { class: "which" }, said)] : [];
    const svg = drawCurves({ id: `cell-${name}`, title, description, xLabel, yLabel, isLog, isDoubling, curves, dashed, look: cell.look });
    return [element("figure", { class: "chart" }, element("figcaption", {}, title), ...which, svg, details)];
  };

  const wrong = (data, cell) => {
    const lines = [cell.reason, ...(cell.notes ?? []), ...(cell.warnings ?? []), ...(cell.problems ?? [])].filter(Boolean);
    const parts = lines.map((line) => element("p", { class: "wrong" }, line));
    if (cell.traceback) parts.push(element("h3", {}, "Traceback"), element("pre", { tabindex: 0 }, data.shared[cell.traceback[0]]));
    return parts;
  };

  // What the network was given and what it wrote: texts, never markup.
  const samples = (data, cell) => {
    if (!cell.samples) return [];
    const parts = cell.samples.flatMap(([given, written]) => [given && element("pre", { class: "given", tabindex: 0 }, given), element("pre", { tabindex: 0 }, `written  ${written || "(nothing)"}`)]);
    const texts = parts.filter(Boolean);
    const names = cell.labels ? data.shared[cell.labels[0]] : [];
    const told = cell.rolls ? [...cell.rolls.flatMap((steps) => roll(steps, names)), element("details", { class: "numbers" }, element("summary", {}, "As text"), ...texts)] : texts;
    return [element("h3", {}, "What the network wrote"), ...told];
  };

  // The labels that hold at each step, a rectangle each, the highest on top, names beside some; only numbers reach a path.
  const roll = (steps, names) => {
    const held = steps.flat().map(Number);
    if (!held.length) return [];
    const [low, high] = [Math.min(...held), Math.max(...held)];
    const isHeld = (label, step) => steps[step]?.includes(label);
    const note = (label, step) => `M${step} ${high - label + 0.1}h${isHeld(label, step + 1) ? 1 : 0.85}v0.8H${step}z`;
    const path = steps.map((labels, step) => labels.map((label) => note(Number(label), step)).join("")).join("");
    const rows = high - low + 1;
    const said = (label) => names[label] ?? `label ${label}`;
    const range = names.length ? `${said(low)} (below) to ${said(high)}` : `Labels ${low} (below) to ${high}`;
    const name = `${range} (above) against ${steps.length} steps, from left to right`;
    const apart = [1, 2, 3, 4, 6, 12, 24].find((each) => rows / each <= 14) ?? rows;
    const named = names.length ? Array.from({ length: rows }, (_, row) => high - row).filter((label) => (label - low) % apart === 0) : [];
    const lines = named.map((label) => `M0 ${high - label}h${steps.length}v1H0z`).join("");
    const svg = element("svg", { class: "roll", viewBox: `0 0 ${steps.length} ${rows}`, preserveAspectRatio: "none", role: "img", "aria-label": name }, lines ? element("path", { class: "lines", d: lines }) : "", element("path", { d: path }));
    const ticks = named.map((label) => {
      const tick = element("span", {}, said(label));
      tick.style.top = `${(100 * (high - label + 0.5)) / rows}%`;
      return tick;
    });
    const drawn = ticks.length ? element("div", { class: "named" }, element("div", { class: "names", "aria-hidden": "true" }, ...ticks), svg) : svg;
    return [element("figure", { class: "chart" }, element("figcaption", {}, "Piano roll"), drawn, element("p", { class: "which" }, name))];
  };

  const command = (data, cell) => {
    const text = data.shared[cell.command].join(cell.seed);
    const button = element("button", { type: "button" }, "Copy");
    button.addEventListener("click", () => {
      const told = (text) => { button.textContent = text; };
      (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(() => told("Copied"), () => told("Select and copy it"));
    });
    return element("div", { class: "copy" }, element("pre", { tabindex: 0 }, text), button);
  };

  const show = (data, cell) => {
    document.getElementById("cell-title").textContent = `${cell.task}, ${cell.model}, T=${cell.length}, seed ${cell.seed}`;
    const status = document.getElementById("cell-status");
    status.textContent = cell.status;
    status.className = cell.status === "ok" ? "soft" : "bad";
    body.replaceChildren(
      ...wrong(data, cell),
      facts(data.shared[cell.outcome[0]].map((label, i) => [label, cell.outcome[i + 1]])),
      element("div", { class: "charts" }, ...charts.flatMap((chart) => figure(data, cell, chart)), ...(cell.scored ?? []).flatMap((chart, i) => scored(data, cell, chart, i))),
      ...samples(data, cell),
      points >= 200 ? "" : element("p", { class: "note" }, `This page has at most ${points} points of each curve, rounded to a thousandth of its range; the record has all of them, with all digits.`),
      element("h3", {}, "Run it again"),
      command(data, cell),
      element("h3", {}, "Files"),
      element("p", {}, "In the folder of results: ", element("code", {}, `records/${cell.files}.json`), ", and what the cell printed in ", element("code", {}, `logs/${cell.files}.log`), ", where a log was kept."),
      ...cell.shared.flatMap((place) => [element("h3", {}, data.shared[place][0]), facts(data.shared[place][1])]),
    );
    for (const chart of body.querySelectorAll("figure.chart")) addSaving(chart);
    present();
  };

  const present = () => {
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  };

  const refuse = (error) => {
    document.getElementById("cell-title").textContent = "Cell";
    document.getElementById("cell-status").textContent = "";
    const reason = "DecompressionStream" in window ? String(error) : "this browser is too old for that; Chrome 103, Firefox 113 and Safari 16.4 can do it";
    body.replaceChildren(element("p", { class: "wrong" }, `The details of this cell cannot be unpacked: ${reason}.`));
    present();
  };

  const asked = () => {
    try { return decodeURIComponent(location.hash); } catch { return ""; /* no address of ours */ }
  };

  const follow = async () => {
    const address = asked();
    const link = links.get(address);
    if (!link) {
      if (dialog.open) dialog.close();
      return;
    }
    try {
      const part = parts[link.closest("tr").dataset.part];
      const [data, cells] = await Promise.all([unpacked(parts[0]), unpacked(part)]);
      // Another cell may have been asked for by now.
      if (asked() === address) show(data, cells[address.slice("#cell-".length)]);
    } catch (error) {
      refuse(error);
    }
  };
  dialog.addEventListener("close", () => {
    if (location.hash.startsWith("#cell-")) history.replaceState(null, "", location.pathname + location.search);
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  addEventListener("hashchange", follow);
  follow();
}
