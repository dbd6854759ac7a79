"use strict";
// A table that is sorted by its headers and filtered by the controls of a form that names it in data-filters.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  // On a phone rows are laid out as cards; roles said outright survive that.
  const say = (role, elements) => { for (const each of elements) each.setAttribute("role", role); };
  say("table", [table]);
  say("rowgroup", [table.tHead, body]);
  say("row", table.rows);
  say("columnheader", table.tHead.rows[0].cells);
  say("rowheader", table.querySelectorAll("tbody th"));
  say("cell", table.querySelectorAll("td"));
  for (const link of body.querySelectorAll("a[href^='#cell-']")) {
    const [model, task, length] = link.closest("tr").cells;
    link.setAttribute("aria-label", `${task.dataset.v}, ${model.textContent}, T=${length.textContent}, seed ${parseInt(link.textContent, 10)}${link.title && `, ${link.title}`}`);
  }
  const heads = [...table.tHead.rows[0].cells];

  // What is not known is last, whichever way the rows are sorted.
  const key = (row, column) => {
    const { v } = row.cells[column].dataset;
    const text = v ?? row.cells[column].textContent.trim();
    return text === "" ? null : Number.isNaN(Number(text)) ? text : Number(text);
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });

  const sort = (head) => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    const turn = head.hasAttribute("aria-sort") ? up : !("down" in head.dataset);
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", turn ? "ascending" : "descending");
    const column = heads.indexOf(head);
    const keyed = [...body.rows].map((row) => [key(row, column), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return turn ? compare(a, b) : compare(b, a);
    });
    body.append(...keyed.map(([, row]) => row));
  };
  for (const head of heads) head.querySelector("button")?.addEventListener("click", () => sort(head));
}

for (const form of document.querySelectorAll("form[data-filters]")) {
  const rows = [...document.getElementById(form.dataset.filters).tBodies[0].rows];
  const columns = { model: 0, task: 1, length: 2 };
  const value = (row, name) => {
    const cell = row.cells[columns[name]];
    return cell ? (cell.dataset.v ?? cell.textContent) : row.dataset[name];
  };
  const count = document.getElementById(`${form.dataset.filters}-count`);
  const filter = () => {
    const words = (form.elements.words?.value ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = [...form.querySelectorAll("select")].filter((select) => select.value !== "");
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden =
        !words.every((word) => text.includes(word)) ||
        !wanted.every((select) => value(row, select.name) === select.value);
      shown += !row.hidden;
    }
    count.textContent = `${shown} of ${rows.length} rows`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  form.hidden = false;
  filter();
}
