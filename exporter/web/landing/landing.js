// The landing page's table, live: asks /api/v1/sites again and again, filters and sorts.
// What it writes is text, never HTML. The cells are those that landing/__init__.py writes.
"use strict";

const PAUSE = 5000; // between an answer and the next question, in ms
const PATIENCE = 10000;
const ROWS = 100; // laid out at once, until more are asked for
const STATES = ["stale", "failing", "starting", "ok"]; // the worst first

const [alarm, summary, time, controls, filter, more, note] = [
  "alarm", "summary", "time", "controls", "filter", "more", "note",
].map((id) => document.getElementById(id));
const body = document.querySelector("tbody");

let rows = []; // one for each source of each site, the worst first
let answered = null; // when the last answer came
let failure = ""; // why the last question was not answered
let pause = PAUSE;
let asking = false;
let timer = 0;
let limit = ROWS;
let sort = { key: "state", direction: 1 };
const drawn = new Map(); // the table's rows, kept: whoever has the focus keeps it

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const number = new Intl.NumberFormat("en");
const seconds = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const count = (value) => (value === null ? "-" : number.format(value));

function span(length) {
  const whole = Math.max(0, Math.round(length));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${number.format(Math.floor(whole / 86400))} d ${Math.floor((whole % 86400) / 3600)} h`;
}

// How a row is sorted by each column; what is not known comes first or last, not in between.
const KEYS = {
  site: (row) => row.site,
  source: (row) => row.source,
  state: (row) => STATES.indexOf(row.state),
  reason: (row) => row.reason ?? "~",
  age: (row) => row.age ?? Infinity,
  duration: (row) => row.duration ?? -1,
  next_poll: (row) => row.next_poll ?? -1,
  active: (row) => row.active ?? -1,
  awaiting_reply: (row) => row.awaiting_reply ?? -1,
};

function rowOf(site, source) {
  const tickets = source.source === "ticket_counts" ? site.tickets : null;
  return {
    ...source,
    site: site.site,
    active: tickets?.active ?? null,
    awaiting_reply: tickets?.awaiting_reply ?? null,
    id: JSON.stringify([site.site, source.source]),
    text: [site.site, source.source, source.state, source.reason, source.error].join(" ").toLowerCase(),
  };
}

function take(answer) {
  rows = answer.sites.flatMap((site) => site.sources.map((source) => rowOf(site, source)));
  rows.sort((a, b) =>
    compare(KEYS.state(a), KEYS.state(b)) || compare(a.site, b.site) || compare(a.source, b.source));
  answered = { at: Date.now(), time: answer.time };
  const counts = STATES.map((state) => [rows.filter((row) => row.state === state).length, state]);
  const states = counts.filter(([n]) => n).map(([n, state]) => `${count(n)} ${state}`).join(", ");
  say(summary, rows.length
    ? `${count(answer.sites.length)} sites with ${count(rows.length)} sources: ${states}.`
    : "No sites.");
  controls.hidden = false;
  draw();
}

// Only what has changed is written: a screen reader would read it out again.
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function element(name, parent) {
  return parent.appendChild(document.createElement(name));
}

function newRow(row) {
  const line = document.createElement("tr");
  const head = element("th", line);
  head.scope = "row";
  const link = element("a", head);
  link.href = `/probe?target=${encodeURIComponent(row.site.toWellFormed?.() ?? row.site)}`;
  link.textContent = row.site;
  const cells = Array.from({ length: 8 }, () => element("td", line));
  return { line, cells, why: [] };
}

function fill(row) {
  if (!drawn.has(row.id)) drawn.set(row.id, newRow(row));
  const { line, cells, why } = drawn.get(row.id);
  if (line.className !== row.state) line.className = row.state;
  if (row.reason === null) {
    cells[2].replaceChildren();
    why.length = 0;
  } else if (!why.length) {
    for (const name of ["strong", "span", "small"]) {
      why.push(element(name, cells[2]));
      if (name !== "small") cells[2].append(" ");
    }
  }
  why.forEach((part, i) => say(part, [row.reason, row.error, row.hint][i] ?? ""));
  say(cells[0], row.source);
  say(cells[1], row.state);
  say(cells[4], row.duration === null ? "-" : `${seconds.format(row.duration)} s`);
  say(cells[6], count(row.active));
  say(cells[7], count(row.awaiting_reply));
  fillTimes(row);
  return line;
}

function fillTimes(row) {
  const { cells } = drawn.get(row.id);
  const passed = (Date.now() - answered.at) / 1000;
  const left = row.next_poll === null ? 0 : row.next_poll - passed;
  say(cells[3], row.age === null ? "never" : `${span(row.age + passed)} ago`);
  say(cells[5], left > 0 ? `in ${span(left)}` : "now");
}

function wanted() {
  const words = filter.value.toLowerCase().split(/\s+/);
  const found = rows.filter((row) => words.every((word) => row.text.includes(word)));
  const key = KEYS[sort.key];
  if (sort.key === "state" && sort.direction > 0) return found;
  return found.sort((a, b) => sort.direction * compare(key(a), key(b)));
}

let shown = [];

function draw() {
  if (!answered) return;
  const found = wanted();
  shown = found.slice(0, limit);
  const lines = shown.map(fill);
  if (lines.length !== body.children.length || lines.some((line, i) => line !== body.children[i])) {
    const focused = document.activeElement;
    body.replaceChildren(...lines);
    if (body.contains(focused)) focused.focus({ preventScroll: true });
  }
  const kept = new Set(shown.map((row) => row.id));
  for (const id of drawn.keys()) if (!kept.has(id)) drawn.delete(id);
  more.hidden = shown.length === found.length;
  say(note, [
    found.length < rows.length && `${count(found.length)} of ${count(rows.length)} rows match.`,
    shown.length < found.length && `The first ${count(shown.length)} of ${count(found.length)} are shown.`,
  ].filter(Boolean).join(" "));
}

// Every second, whether or not an answer comes: nothing old may look alive.
function tick() {
  if (!answered) return;
  const passed = Date.now() - answered.at;
  const at = new Date(answered.time * 1000).toISOString().slice(0, 19).replace("T", " ");
  say(time, `As of ${at} UTC, ${span(passed / 1000)} ago.`);
  warn(failure || (passed > PATIENCE + 2 * pause ? "no answer came" : ""), at);
  shown.forEach(fillTimes);
}

function warn(problem, at) {
  document.body.classList.toggle("old", problem !== "");
  document.title = problem ? "No answer: WHMCS exporter" : "WHMCS exporter";
  say(alarm, problem && `The exporter does not answer (${problem}). What is shown is old: of ${at} UTC.`);
}

async function ask() {
  if (asking || document.hidden) return;
  asking = true;
  clearTimeout(timer);
  const began = performance.now();
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch("/api/v1/sites", { cache: "no-store", signal });
    if (!response.ok) throw new Error(`status ${response.status}`);
    take(await response.json());
    failure = "";
  } catch (error) {
    failure = error.message;
  }
  // A large answer costs the exporter more: it is asked for less often.
  pause = Math.max(PAUSE, 20 * (performance.now() - began));
  asking = false;
  if (!answered) warn(failure, time.textContent.replace(/^As of | UTC\.$/g, ""));
  tick();
  timer = setTimeout(ask, pause);
}

function sortBy(head) {
  const { key } = head.dataset;
  sort = { key, direction: sort.key === key ? -sort.direction : 1 };
  for (const other of document.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", sort.direction > 0 ? "ascending" : "descending");
  draw();
}

for (const head of document.querySelectorAll("thead th")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => sortBy(head));
}
filter.addEventListener("input", draw);
more.addEventListener("click", () => {
  limit += 5 * ROWS;
  draw();
  if (more.hidden) filter.focus();
});
document.addEventListener("visibilitychange", () => {
  tick();
  ask();
});
setInterval(() => document.hidden || tick(), 1000);
ask();
