"use strict";
// The detail view of a cell, opened by its address #cell-KEY; all that it shows lies in the page as JSON.
{
  const data = JSON.parse(document.getElementById("cells").textContent);
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

  const figure = (cell, [name, title, xLabel, yLabel, isLog]) => {
    const curves = cell.curves.filter(([chart]) => chart === name).map(([, label, grid, ys]) => [label, data.grids[grid], ys]);
    if (!curves.some(([, xs]) => xs.length > 1)) return [];
    const description = `${title}, against ${xLabel}: ${curves.map(([label]) => label).join(", ")}.` + (isLog ? " The axis is logarithmic." : "");
    const details = element("details", { class: "numbers" }, element("summary", {}, "Numbers", element("span", { class: "unseen" }, ` of ${title}`)));
    details.addEventListener("toggle", () => details.append(numbersOf(title, xLabel, isLog, curves)), { once: true });
    const which = curves.length > 1 ? [element("p", { class: "which" }, "dashed: before training; solid: after")] : [];
    const svg = drawCurves({ id: `cell-${name}`, title, description, xLabel, yLabel, isLog, curves, look: cell.look });
    return [element("figure", { class: "chart" }, element("figcaption", {}, title), ...which, svg, details)];
  };

  const wrong = (cell) => {
    const lines = [cell.reason, ...(cell.notes ?? []), ...(cell.warnings ?? []), ...(cell.problems ?? [])].filter(Boolean);
    const parts = lines.map((line) => element("p", { class: "wrong" }, line));
    if (cell.traceback) parts.push(element("h3", {}, "Traceback"), element("pre", { tabindex: 0 }, data.shared[cell.traceback[0]]));
    return parts;
  };

  const command = (cell) => {
    const text = cell.command.map((place) => data.words[place]).join(" ");
    const button = element("button", { type: "button" }, "Copy");
    button.addEventListener("click", () => {
      const told = (text) => { button.textContent = text; };
      (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(() => told("Copied"), () => told("Select and copy it"));
    });
    return element("div", { class: "copy" }, element("pre", { tabindex: 0 }, text), button);
  };

  const show = (key) => {
    const cell = data.cells[key];
    document.getElementById("cell-title").textContent = `${cell.task}, ${cell.model}, T=${cell.length}, seed ${cell.seed}`;
    const status = document.getElementById("cell-status");
    status.textContent = cell.status;
    status.className = cell.status === "ok" ? "soft" : "bad";
    body.replaceChildren(
      ...wrong(cell),
      facts(data.shared[cell.outcome[0]].map((label, i) => [label, cell.outcome[i + 1]])),
      element("div", { class: "charts" }, ...charts.flatMap((chart) => figure(cell, chart))),
      data.points >= 200 ? "" : element("p", { class: "note" }, `This page has at most ${data.points} points of each curve; the record has them all.`),
      element("h3", {}, "Run it again"),
      command(cell),
      element("h3", {}, "Files"),
      element("p", {}, "In the folder of results: ", element("code", {}, `records/${cell.files}.json`), ", and what the cell printed in ", element("code", {}, `logs/${cell.files}.log`), ", where a log was kept."),
      ...cell.shared.flatMap((place) => [element("h3", {}, data.shared[place][0]), facts(data.shared[place][1])]),
    );
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  };

  const follow = () => {
    let key = "";
    try { key = decodeURIComponent(location.hash).replace(/^#cell-/, ""); } catch { /* no address of ours */ }
    if (Object.hasOwn(data.cells, key)) show(key);
    else if (dialog.open) dialog.close();
  };
  dialog.addEventListener("close", () => {
    if (location.hash.startsWith("#cell-")) history.replaceState(null, "", location.pathname + location.search);
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  addEventListener("hashchange", follow);
  follow();
}
