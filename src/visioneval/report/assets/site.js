"use strict";
// Sorting, filtering, choosing what to compare, and looking closer. Every page can be read without it.

const compare = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" }).compare;

function sortable(table) {
  table.querySelectorAll("th[data-sort]").forEach((head) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, head));
  });
}

function sort(table, head) {
  const first = head.dataset.sort === "number" && head.cellIndex > 0 ? "descending" : "ascending";
  const turned = { ascending: "descending", descending: "ascending" };
  const order = turned[head.getAttribute("aria-sort")] ?? first;
  table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", order);
  const value = (row) => row.cells[head.cellIndex].dataset.value ?? row.cells[head.cellIndex].textContent;
  const by = head.dataset.sort === "number" ? (a, b) => Number(a) - Number(b) : compare;
  const sign = order === "ascending" ? 1 : -1;
  const rows = [...table.tBodies[0].rows].map((row) => [value(row), row]);
  rows.sort(([a], [b]) => (a === "") - (b === "") || (a === "" ? 0 : sign * by(a, b)));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

function filters(form) {
  const rows = [...document.getElementById(form.dataset.filters).tBodies[0].rows];
  const apply = () => {
    const wanted = Object.fromEntries(new FormData(form));
    rows.forEach((row) => { row.hidden = !matches(row.dataset, wanted); });
    const left = rows.filter((row) => !row.hidden).length;
    form.querySelector("output").textContent = `${left} of ${rows.length} shown`;
  };
  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
}

function matches(row, wanted) {
  return Object.entries(wanted).every(([name, value]) => {
    if (!value) return true;
    if (name === "name") return row.name.toLowerCase().includes(value.toLowerCase());
    if (name === "since") return row.date >= value;
    return row[name] === value;
  });
}

function picker(form) {
  const link = form.querySelector("a");
  const pages = new Map([...document.querySelectorAll(".matrix a")].map((a) => [`${a.dataset.a}\n${a.dataset.b}`, a]));
  const choose = () => {
    const page = pages.get(`${form.elements.a.value}\n${form.elements.b.value}`);
    link.hidden = !page;
    if (page) link.href = page.getAttribute("href");
    form.querySelector("output").textContent = page ? "" : "Choose two different models with a prompt in common.";
  };
  form.hidden = false;
  form.addEventListener("input", choose);
  form.addEventListener("submit", (event) => event.preventDefault());
  choose();
}

function columns(fieldset) {
  const boxes = [...fieldset.querySelectorAll("input")];
  const apply = () => document.querySelectorAll(".sheet tr").forEach((row) => {
    boxes.forEach((box) => { row.cells[Number(box.value)].hidden = !box.checked; });
  });
  boxes.forEach((box, place) => { box.checked = boxes.length <= 6 || place < 4; });
  fieldset.hidden = false;
  fieldset.addEventListener("input", apply);
  apply();
}

function zoom(link) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const dialog = document.createElement("dialog");
    dialog.setAttribute("aria-label", "The picture, larger");
    const bar = document.createElement("div");
    bar.className = "zoom-bar";
    const view = document.createElement("div");
    view.className = "zoom-view";
    view.tabIndex = 0;
    view.setAttribute("role", "region");
    view.setAttribute("aria-label", "Picture");
    const image = document.createElement("img");
    image.src = link.href;
    image.alt = link.querySelector("img").alt;
    view.append(image);
    for (const [text, size] of [["Fit", ""], ["Actual size", "actual"], ["Double", "double"]]) {
      bar.append(button(text, () => { view.className = `zoom-view ${size}`; }));
    }
    bar.append(button("Close", () => dialog.close()));
    dialog.append(bar, view);
    dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

document.querySelectorAll("table[data-sortable]").forEach(sortable);
document.querySelectorAll("form[data-filters]").forEach(filters);
document.querySelectorAll("form[data-picker]").forEach(picker);
document.querySelectorAll("fieldset[data-columns]").forEach(columns);
document.querySelectorAll("a[data-zoom]").forEach(zoom);
