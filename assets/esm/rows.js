// A table of one page of rows. Paging, filtering and order are the server's; this draws, lights and reports.

import {post} from "./models.js";

const made = (tag, parent, text = "") => {
  const node = document.createElement(tag);
  if (text) node.textContent = text;
  parent.appendChild(node);
  return node;
};

export function render({model, el}) {
  const table = made("table", el);
  table.setAttribute("role", "grid");
  const head = made("tr", made("thead", table));
  const body = made("tbody", table);
  const foot = made("div", el);
  foot.className = "foot";
  const back = made("button", foot, "‹");
  const where = made("span", foot);
  const on = made("button", foot, "›");
  back.title = "Earlier page";
  on.title = "Next page";
  back.onclick = () => post({type: "rows-page", table: model.table, page: model.page - 1});
  on.onclick = () => post({type: "rows-page", table: model.table, page: model.page + 1});

  const pick = (id) => post({type: "rows-pick", table: model.table, id});
  const hover = (id) => window.dispatchEvent(new CustomEvent("nightglass:hover", {detail: {id}}));

  const light = () => {
    for (const row of body.children) row.setAttribute("aria-selected", String(row.dataset.id === model.selected));
  };
  const draw = () => {
    head.replaceChildren();
    for (const name of model.columns) made("th", head, name);
    body.replaceChildren();
    for (const [id, ...cells] of model.rows) {
      const row = made("tr", body);
      row.dataset.id = id;
      row.tabIndex = 0;
      for (const cell of cells) made("td", row, cell).title = cell;
      row.onclick = () => pick(id);
      row.onkeydown = (event) => event.key === "Enter" && pick(id);
      row.onmouseenter = () => model.lights && hover(id);
      row.onmouseleave = () => model.lights && hover(null);
    }
    const pages = Math.max(1, Math.ceil(model.total / Math.max(1, model.size)));
    where.textContent = model.total ? `${model.total} rows · page ${model.page + 1} of ${pages}` : model.empty;
    back.disabled = model.page <= 0;
    on.disabled = model.page >= pages - 1;
    back.hidden = on.hidden = pages < 2;
    light();
  };
  for (const name of ["rows", "columns", "total", "page"]) model.on(name, draw);
  model.on("selected", light);
  draw();
}
