// What the workbench gains from a script: lists that are searched by typing, operators that fit, values to choose from.
(() => {
  "use strict";
  const MOST = 80;
  const wide = (text) => [...text].reduce((sum, each) => sum + (each > "\u2e7f" ? 2 : 1), 0);
  const plain = (text) => text.trim().toLocaleLowerCase();
  let made = 0;

  // A select becomes a field with a list under it (the combobox pattern); the select keeps the value.
  class Pick {
    constructor(select) {
      this.select = select;
      this.box = document.createElement("span");
      this.box.className = "pick";
      this.input = document.createElement("input");
      this.list = document.createElement("ul");
      const id = `pick-${made += 1}`;
      this.list.className = "pick-list";
      this.list.id = id;
      this.list.hidden = true;
      this.list.setAttribute("role", "listbox");
      this.list.setAttribute("aria-label", select.getAttribute("aria-label"));
      for (const [name, value] of Object.entries({
        type: "text", role: "combobox", "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list",
        "aria-label": select.getAttribute("aria-label"), autocomplete: "off", spellcheck: "false", id: `${select.id}-pick`,
      })) this.input.setAttribute(name, value);
      const described = select.getAttribute("aria-describedby");
      if (described) this.input.setAttribute("aria-describedby", described);
      select.before(this.box);
      this.box.append(this.input, this.list);
      select.hidden = true;
      this.show();
      this.input.addEventListener("focus", () => this.input.select());
      this.input.addEventListener("click", () => { if (this.list.hidden) { this.input.select(); this.open(""); } });
      this.input.addEventListener("input", (event) => { event.stopPropagation(); this.open(this.input.value); });
      this.input.addEventListener("change", (event) => event.stopPropagation());
      this.input.addEventListener("keydown", (event) => this.key(event));
      this.input.addEventListener("blur", () => this.close());
      this.list.addEventListener("pointerdown", (event) => event.preventDefault());
      this.list.addEventListener("click", (event) => {
        const row = event.target.closest("[data-index]");
        if (row) this.choose(Number(row.dataset.index));
      });
      if (select.autofocus) this.input.focus();
    }

    label(option) { return option ? option.dataset.label || option.textContent.replace(/ \([^()]*\)$/, "") : ""; }

    show() {
      const text = this.label(this.select.selectedOptions[0]);
      this.input.value = text;
      this.input.title = text;
      this.input.size = Math.min(Math.max(wide(text), 4), 44);
    }

    open(words) {
      const wanted = plain(words);
      const fits = (option) => !wanted || [this.label(option), option.dataset.also || "", option.value]
        .some((text) => plain(text).includes(wanted));
      const found = [...this.select.options].filter(fits).slice(0, MOST);
      this.list.replaceChildren();
      let group = "";
      for (const option of found) {
        const parent = option.parentElement.label || "";
        if (parent && parent !== group) this.list.append(this.heading(parent));
        group = parent;
        this.list.append(this.row(option));
      }
      if (!found.length) this.list.append(this.heading("—"));
      this.list.hidden = false;
      this.input.setAttribute("aria-expanded", "true");
      const rows = this.rows();
      const at = wanted ? 0 : rows.findIndex((row) => row.classList.contains("chosen"));
      this.mark(rows[Math.max(at, 0)]);
    }

    heading(text) {
      const row = document.createElement("li");
      row.className = "group";
      row.setAttribute("role", "presentation");
      row.textContent = text;
      return row;
    }

    row(option) {
      const row = document.createElement("li");
      row.setAttribute("role", "option");
      row.id = `${this.list.id}-${option.index}`;
      row.dataset.index = option.index;
      row.setAttribute("aria-selected", "false");
      if (option.selected) row.classList.add("chosen");
      const name = document.createElement("span");
      name.textContent = this.label(option);
      if (option.dataset.also) name.append(Object.assign(document.createElement("small"), { textContent: option.dataset.also }));
      row.append(name);
      if (option.dataset.count) row.append(Object.assign(document.createElement("b"), { textContent: option.dataset.count }));
      return row;
    }

    rows() { return [...this.list.querySelectorAll("[data-index]")]; }

    mark(row) {
      for (const each of this.rows()) each.setAttribute("aria-selected", String(each === row));
      this.marked = row;
      if (row) { this.input.setAttribute("aria-activedescendant", row.id); row.scrollIntoView({ block: "nearest" }); }
      else this.input.removeAttribute("aria-activedescendant");
    }

    close() {
      this.list.hidden = true;
      this.input.setAttribute("aria-expanded", "false");
      this.input.removeAttribute("aria-activedescendant");
      this.show();
    }

    choose(index) {
      const changed = this.select.selectedIndex !== index;
      this.select.selectedIndex = index;
      this.close();
      if (changed) this.select.dispatchEvent(new Event("change", { bubbles: true }));
    }

    key(event) {
      const { key } = event;
      if (key === "Escape" && !this.list.hidden) { event.preventDefault(); event.stopPropagation(); this.close(); return; }
      if (key === "Enter" && !this.list.hidden && this.marked) {
        event.preventDefault();
        this.choose(Number(this.marked.dataset.index));
        return;
      }
      if (key === "Tab" && !this.list.hidden && this.marked && this.input.value !== this.input.title) {
        this.choose(Number(this.marked.dataset.index));
        return;
      }
      if (key !== "ArrowDown" && key !== "ArrowUp") return;
      event.preventDefault();
      if (this.list.hidden) { this.open(""); return; }
      const rows = this.rows();
      const next = rows[rows.indexOf(this.marked) + (key === "ArrowDown" ? 1 : -1)];
      if (next) this.mark(next);
    }
  }

  // Operators that make no sense for the kind of the property are not offered.
  const fit = (row) => {
    const property = row.querySelector("[data-property]").selectedOptions[0];
    const kind = property ? property.dataset.kind || "" : "";
    for (const option of row.querySelectorAll("[data-operator] option")) {
      const kinds = option.dataset.kinds;
      option.hidden = option.disabled = Boolean(kind && kinds) && !kinds.split(" ").includes(kind);
    }
    const operator = row.querySelector("[data-operator]");
    if (operator.selectedOptions[0] && operator.selectedOptions[0].disabled) {
      operator.value = [...operator.options].find((option) => !option.disabled).value;
    }
    row.classList.toggle("is-path", kind === "path");
    row.querySelector("[data-value]").hidden = operator.value.endsWith("null") || ["yes", "no"].includes(operator.value);
  };

  const suggest = (row) => {
    const filter = row.closest("[data-filter]");
    const name = row.querySelector("[data-property]").value;
    const list = row.querySelector("datalist");
    if (!name || name === "path" || list.dataset.of === name) return;
    list.dataset.of = name;
    const query = new URLSearchParams({ name, event: filter.dataset.event || "" });
    fetch(`${filter.dataset.values}?${query}`).then((answer) => (answer.ok ? answer.text() : "")).then((html) => {
      list.innerHTML = html;
    });
  };

  const dress = () => {
    for (const select of document.querySelectorAll("select[data-pick]:not([data-dressed])")) {
      select.dataset.dressed = "yes";
      new Pick(select);
    }
    for (const row of document.querySelectorAll(".filter-row")) fit(row);
  };

  document.addEventListener("change", (event) => {
    const row = event.target.closest(".filter-row");
    if (row) fit(row);
  }, true);
  document.addEventListener("focusin", (event) => {
    const row = event.target.closest(".filter-row");
    if (row && event.target.matches("[data-value]")) suggest(row);
  });
  // On a telephone the form is folded once it was asked; who edits it, or is done, is led to the form or the answer.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-edit], [data-see]");
    if (!link) return;
    event.preventDefault();
    const [form, answer] = ["question", "answer"].map((id) => document.getElementById(id));
    const edits = "edit" in link.dataset;
    form.classList.toggle("editing", edits);
    const to = edits ? form : answer;
    to.focus({ preventScroll: true });
    to.scrollIntoView({ block: "start" });
  });
  // What was unfolded stays so when the form is drawn anew.
  let unfolded = false;
  const choices = () => document.getElementById("more-choices");
  document.addEventListener("htmx:beforeSwap", () => { unfolded = Boolean(choices() && choices().open); });
  document.addEventListener("htmx:afterSettle", () => { if (unfolded && choices()) choices().open = true; dress(); });
  dress();
  // On a narrow page the question that is asked may stand beyond the edge of the row of questions.
  const here = document.querySelector(".questions [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 40;
})();
