// Sorts, filters and searches the lists. Without script they stay in their original order.
document.documentElement.classList.add("scripted");
for (const list of document.querySelectorAll("[data-list]")) {
  const body = list.querySelector("tbody");
  const rows = [...body.rows];
  const text = (row, at) => row.cells[at].textContent.trim();
  const search = list.querySelector("input");
  const selects = [...list.querySelectorAll("select")];
  const count = list.querySelector("output");
  const show = () => {
    const wanted = search.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      const fits = (!wanted || row.textContent.toLowerCase().includes(wanted))
        && selects.every(one => !one.value || text(row, +one.dataset.column) === one.value);
      row.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows shown`;
  };
  search.addEventListener("input", show);
  selects.forEach(one => one.addEventListener("change", show));
  show();
  const heads = [...list.querySelectorAll("thead th")];
  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const isNumber = head.classList.contains("n");
      const key = row => isNumber ? parseFloat(text(row, at).replace(/[^0-9.-]/g, "")) : text(row, at);
      const order = rows.map((row, index) => [key(row), index, row]).sort(([a, i], [b, j]) => {
        const lacks = value => value === "" || Number.isNaN(value);
        if (lacks(a) || lacks(b)) return lacks(a) - lacks(b) || i - j;  // missing values come last
        const sign = isNumber ? a - b : a.localeCompare(b, "en");
        return (down ? -sign : sign) || i - j;
      });
      body.append(...order.map(([, , row]) => row));
    });
  });
}
// Shows and hides the rules of a figure in its account's view. Without script the title links to the rules.
document.addEventListener("click", event => {
  const link = event.target.closest("article a[href^='#r']");
  if (!link) return;
  event.preventDefault();
  const view = link.closest("article");
  const open = view.querySelector(".words");
  if (open) {
    open.remove();
    view.querySelector("[aria-expanded]").removeAttribute("aria-expanded");
    if (open.dataset.of === link.hash) return;
  }
  const all = [...document.querySelectorAll("#rules dd")];
  const id = rule => rule.firstElementChild.textContent;
  const words = document.createElement("dl");
  words.className = "rules words";
  words.dataset.of = link.hash;
  words.append(...[...document.querySelector(link.hash).children].map(one => {
    const first = one.matches("dd") && all.find(other => id(other) === id(one));  // only the first entry of a rule has its text
    return (first || one).cloneNode(true);
  }));
  link.setAttribute("aria-expanded", "true");
  link.closest("dl, table").after(words);
});
