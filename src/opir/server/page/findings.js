// What was found wrong with a photo, how strong the correction is, and how it was done, as text and bars.

import { taskInSentence, taskName } from "./options.js";

const LIKELY = 0.5;
const POSSIBLE = 0.2;
const element = (id) => document.getElementById(id);
const percent = (share) => `${Math.round(100 * share)}\u00a0%`;
const grey = (value) => (value < 9.95 ? value.toFixed(1) : String(Math.round(value)));

/** Say in one sentence what was found. */
export function summaryOf(found) {
  const ranked = Object.entries(found).sort((one, other) => other[1] - one[1]);
  const named = (least) => ranked.filter(([, share]) => share >= least).map(([task]) => taskInSentence(task));
  const list = new Intl.ListFormat("en");
  if (named(LIKELY).length) return `Probably ${list.format(named(LIKELY))}.`;
  if (named(POSSIBLE).length) return `Perhaps ${list.format(named(POSSIBLE))}, not surely.`;
  return "Nothing that the model knows stands out.";
}

/** How strong each degradation is, in words, by what was measured. */
const MEASURES = {
  noise_sigma: (value) => `${grey(value)} grey levels of noise`,
  edge_sigma: (value) => `edges blurred by ${value.toFixed(1)} pixels`,
  dark_channel: (value) => `a veil of ${grey(value)} grey levels`,
  exposure: (value) => `${Math.abs(value).toFixed(1)} stops ${value > 0 ? "below" : "above"} middle grey`,
  blockiness: (value) => `${grey(value)} grey levels at the borders of blocks`,
  model_change: (value) => `${grey(value)} grey levels to be removed`,
};

function strengthsOf(analysis) {
  const texts = {};
  for (const [task, { value, measure }] of Object.entries(analysis?.strength ?? {})) {
    if (value !== null && MEASURES[measure]) texts[task] = MEASURES[measure](value);
  }
  if (analysis?.jpeg_quality) texts.jpeg = [`saved with quality ${analysis.jpeg_quality}`, texts.jpeg].filter(Boolean).join(", ");
  return texts;
}

/** `analysis` is null until it is known. */
export function showFindings(result, analysis) {
  const strengths = strengthsOf(analysis);
  const ranked = result ? Object.entries(result.found).sort((one, other) => other[1] - one[1]) : [];
  element("found-summary").textContent = result ? summaryOf(result.found) : "Not known yet.";
  const shown = ranked.filter(([, share]) => share >= POSSIBLE);
  const rest = ranked.slice(shown.length).map(([task, share]) => `${taskInSentence(task)} ${percent(share)}`);
  element("found").replaceChildren(...shown.map(([task, share]) => barOf(taskName(task), share, strengths[task])));
  element("found-unfamiliar").hidden = !result || !analysis?.familiarity?.is_outside;
  element("found-rest").textContent = rest.length ? `Hardly: ${rest.join(", ")}.` : "";
  element("details").hidden = !result;
  if (result) showReport(result.report);
}

/** `correction` is that of the result at full strength [grey levels of 255], null where it is not known. */
export function showFacts(result, correction, strength) {
  const rows = [];
  if (result && correction !== null) rows.push(["Correction, on average", `${grey((correction * strength) / 100)} grey levels`]);
  if (result) rows.push(["Expected error left", `${grey(result.expectedError)} grey levels`]);
  if (result?.report.share_withheld > 0) rows.push(["Withheld where unsure", `${Math.round(100 * result.report.share_withheld)} %`]);
  element("facts").replaceChildren(...termsOf(rows));
}

function showReport(report) {
  const tiles = report.n_tiles > 1 ? `${report.n_tiles} of at most ${report.tile} px` : "the whole at once";
  element("report").replaceChildren(...termsOf([
    ["Model", `${report.model} ${report.model_version}`],
    ["Weights", report.weights_sha256.slice(0, 12)],
    ["Computed by", `${report.engine}, ${report.device}, ${report.precision}`],
    ["Effort", report.effort],
    ["Tiles", tiles],
    ["Time", `${report.seconds.toFixed(1)} s`],
    ["OPIR", report.opir_version],
    ...report.notes.map((note) => ["Note", note]),
  ]));
}

function barOf(name, share, strength = "") {
  const item = document.createElement("li");
  item.classList.toggle("likely", share >= LIKELY);
  item.style.setProperty("--share", String(share));
  const [label, value] = [document.createElement("span"), document.createElement("span")];
  label.textContent = name;
  value.textContent = `${percent(share)} sure`;
  item.append(label, value);
  if (strength) {
    const text = document.createElement("small");
    text.textContent = strength;
    item.append(text);
  }
  return item;
}

function termsOf(rows) {
  return rows.flatMap(([term, text]) => {
    const [name, value] = [document.createElement("dt"), document.createElement("dd")];
    name.textContent = term;
    value.textContent = text;
    return [name, value];
  });
}
