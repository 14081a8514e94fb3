"use strict";
// All text reaches the page through textContent: nothing in a trajectory can become markup.
(() => {
  const { rows, scorers } = JSON.parse(document.getElementById("data").textContent);
  const PER_PAGE = 40;
  const SIGN = { HOLDS: "✓ holds", FAILS: "✗ fails", UNKNOWN: "? not decided", "": "not verified" };
  const $ = (id) => document.getElementById(id);
  const el = (tag, cls, text) => {
    const node = document.createElement(tag);
    if (cls) node.className = cls;
    if (text !== undefined && text !== null) node.textContent = text;
    return node;
  };
  const state = { filter: "", query: "", page: 0, current: 0, scorer: 0 };
  let found = rows.map((_, i) => i);

  const haystack = rows.map(() => null);
  const textOf = (i) =>
    (haystack[i] ??= [rows[i].i, rows[i].p, rows[i].a, rows[i].w, ...rows[i].s.flatMap((s) => [s.t, ...s.e.map((e) => e[0] + " " + e[2])])]
      .join("\n").toLowerCase());

  const colour = (h) => {
    if (h === null || h === undefined) return "";
    const side = h < 0.5 ? "var(--bad)" : "var(--good)";
    return `color-mix(in oklab, ${side} ${Math.round(30 + 70 * Math.abs(2 * h - 1))}%, var(--paper))`;
  };
  const shade = (step) => {
    if (step.h.length) return colour(step.h[state.scorer]);
    return { FAILS: "var(--bad)", HOLDS: "var(--good)" }[step.v] || "";
  };

  function search() {
    const words = state.query.toLowerCase().split(/\s+/).filter(Boolean);
    found = [];
    rows.forEach((row, i) => {
      if (state.filter && !row.f.includes(state.filter)) return;
      if (words.length && !words.every((w) => textOf(i).includes(w))) return;
      found.push(i);
    });
    state.page = 0;
    state.current = found.length ? found[0] : -1;
    draw();
  }

  function drawList() {
    const list = $("list");
    list.replaceChildren();
    const from = state.page * PER_PAGE;
    for (const i of found.slice(from, from + PER_PAGE)) {
      const row = rows[i];
      const button = el("button");
      button.type = "button";
      if (i === state.current) button.setAttribute("aria-current", "true");
      const id = el("span", "id");
      id.append(el("span", "", row.i), el("span", "soft", row.o === null ? "" : row.o >= 0.5 ? "right" : "wrong"));
      const strip = el("span", "strip");
      for (const step of row.s) {
        const cell = el("i", step.v);
        cell.style.background = shade(step);
        strip.append(cell);
      }
      button.append(id, strip);
      button.onclick = () => select(i);
      const item = el("li");
      item.append(button);
      list.append(item);
    }
    const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
    $("page").textContent = `${state.page + 1} / ${pages}`;
    $("prev").disabled = state.page === 0;
    $("next").disabled = state.page + 1 >= pages;
    $("count").textContent = found.length === rows.length ? `${rows.length} shown` : `${found.length} of ${rows.length} shown`;
  }

  function stepText(step) {
    const box = el("div", "steptext");
    const taken = [];
    const claims = step.e.flatMap((e) => e[4]).sort((a, b) => (a[2] !== "FAILS") - (b[2] !== "FAILS") || a[0] - b[0]);
    // Spans count code points, as Python does; strings here count UTF-16 units.
    const text = Array.from(step.t);
    for (const c of claims)
      if (c[0] >= 0 && c[0] < c[1] && c[1] <= text.length && taken.every((t) => c[1] <= t[0] || c[0] >= t[1])) taken.push(c);
    taken.sort((a, b) => a[0] - b[0]);
    let at = 0;
    for (const c of taken) {
      box.append(text.slice(at, c[0]).join(""));
      const mark = el("mark", c[2], text.slice(c[0], c[1]).join(""));
      mark.title = c[3] || SIGN[c[2]];
      box.append(mark);
      at = c[1];
    }
    box.append(text.slice(at).join(""));
    return box;
  }

  function meter(name, value, h) {
    const line = el("div", "meter");
    const label = el("span", "name", name);
    label.title = name;
    const track = el("span", "track");
    const fill = el("i", "fill");
    fill.style.width = `${Math.round(100 * Math.min(1, Math.max(0, h ?? 0)))}%`;
    fill.style.background = colour(h);
    track.append(fill);
    line.append(label, track, el("span", "x", value === null ? "–" : value.toFixed(2)));
    return line;
  }

  function drawStep(step, number) {
    const item = el("li", step.r + (step.k === "retracted" ? " retracted" : ""));
    const tint = shade(step);
    if (tint) item.style.setProperty("--shade", tint);
    const side = el("div", "side");
    if (step.r !== "observe") {
      const verdict = el("span", `v ${step.v || "UNKNOWN"}`, SIGN[step.v]);
      const head = el("div", "");
      if (step.g !== null) head.append(el("span", "", `gold ${step.g === 1 ? "right" : step.g === 0 ? "wrong" : step.g.toFixed(2)}`), " · ");
      head.append(verdict);
      side.append(head);
      if (step.l !== null) side.append(el("div", "soft", `label for training ${step.l.toFixed(2)}`));
      scorers.forEach((name, i) => side.append(meter(name, step.x[i], step.h[i])));
      if (step.c[state.scorer]) side.append(el("div", "clash", "score disagrees with gold"));
    } else side.append(el("span", "soft", "tool reply, not scored"));
    const body = el("div", "body");
    body.append(stepText(step));
    item.append(el("span", "no", number), body, side);
    const told = step.e.filter((e) => e[2]);
    if (told.length) {
      const list = el("ul", "evidence");
      for (const e of told) {
        const line = el("li");
        line.append(el("span", `v ${e[1]}`, SIGN[e[1]].split(" ")[0] + " "), el("span", e[1] === "FAILS" ? "bad" : "", e[2] + " "));
        line.append(el("span", "tool", e[0] + (e[5] ? ", reads the reference" : "")));
        list.append(line);
      }
      body.append(list);
    }
    return item;
  }

  function drawDetail() {
    const detail = $("detail");
    detail.replaceChildren();
    if (state.current < 0) {
      detail.append(el("p", "empty", "No trajectory passes this filter."));
      return;
    }
    const row = rows[state.current];
    const facts = [row.d, row.w && `written by ${row.w}`, row.o === null ? "" : row.o >= 0.5 ? "outcome right" : "outcome wrong",
      row.a === null ? "" : `answer ${row.a}`, row.c && row.c !== row.i ? `cluster ${row.c}` : ""];
    detail.append(el("h2", "", row.i), el("p", "facts", facts.filter(Boolean).join(" · ")));
    if (row.p) detail.append(el("p", "problem steptext", row.p));
    const steps = el("ol", "steps");
    row.s.forEach((step, k) => steps.append(drawStep(step, k + 1)));
    detail.append(steps);
  }

  function draw() { drawList(); drawDetail(); }
  function select(i) {
    state.current = i;
    state.page = Math.floor(Math.max(0, found.indexOf(i)) / PER_PAGE);
    history.replaceState(null, "", "#" + encodeURIComponent(rows[i].i));
    draw();
  }
  function move(by) {
    const at = found.indexOf(state.current) + by;
    if (at < 0 || at >= found.length) return;
    select(found[at]);
    $("list").querySelector("[aria-current]").scrollIntoView({ block: "nearest" });
  }

  $("filter").onchange = (e) => { state.filter = e.target.value; search(); };
  $("search").oninput = (e) => { state.query = e.target.value; search(); };
  if ($("scorer")) $("scorer").onchange = (e) => {
    state.scorer = Number(e.target.value);
    $("shown-scorer").textContent = scorers[state.scorer];
    draw();
  };
  $("prev").onclick = () => { state.page -= 1; drawList(); };
  $("next").onclick = () => { state.page += 1; drawList(); };
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.closest?.("input, select")) return;
    if (e.key === "j") move(1);
    else if (e.key === "k") move(-1);
    else if (e.key === "/") { e.preventDefault(); $("search").focus(); }
  });

  const wanted = decodeURIComponent(location.hash.slice(1));
  const at = rows.findIndex((row) => row.i === wanted);
  if (!rows.length) state.current = -1;
  if (at >= 0) select(at); else draw();
})();
