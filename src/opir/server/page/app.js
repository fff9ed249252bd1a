// The page as a whole: which photo is selected, and what every part shows of it.

import { Api } from "./api.js";
import { meanCorrection } from "./correction.js";
import { Downloads } from "./download.js";
import { showFacts, showFindings, summaryOf } from "./findings.js";
import { bindIntake } from "./intake.js";
import { sameComputation, taskInSentence } from "./options.js";
import { Photo } from "./photo.js";
import { Queue } from "./queue.js";
import { Settings } from "./settings.js";
import { Stage } from "./stage.js";
import { STATES, Strip } from "./strip.js";
import { bindTheme } from "./theme.js";
import { askToken } from "./token.js";

const EDIT_PAUSE = 500; // milliseconds without a change before a photo is restored anew
const element = (id) => document.getElementById(id);
const on = (id, act) => element(id).addEventListener("click", act);

const api = new Api(askToken);
const stage = new Stage();
const settings = new Settings(edited);
const queue = new Queue(api, () => settings.output, changed);
const strip = new Strip(element("strip"), { select, cancel: (photo) => queue.cancel(photo), remove });
const downloads = new Downloads(api, () => settings.output, {
  one: element("download"), all: element("download-all"), cancel: element("download-cancel"), state: element("download-state"),
});
let selected = null;
let shownResult; // whose findings are shown
let shownAnalysis;
let correction = null; // of that result
const editTimers = new Map();

function take(files) {
  const hadFocus = element("intro").contains(document.activeElement);
  const photos = files.map((file) => new Photo(file));
  for (const photo of photos) queue.add(photo);
  select(photos[0]);
  if (hadFocus) element("photo-name").focus();
  announce(photos.length === 1 ? `${photos[0].name} added.` : `${photos.length} photos added.`);
}

function select(photo) {
  selected = photo;
  element("intro").hidden = photo !== null;
  element("work").hidden = element("add").hidden = photo === null;
  document.body.classList.toggle("working", photo !== null);
  document.title = photo ? `${photo.name} – OPIR` : "OPIR";
  for (const other of queue.photos) strip.update(other, other === photo);
  downloads.clear();
  if (!photo) return;
  settings.show(photo.edit);
  render(photo);
}

function remove(photo) {
  const index = queue.photos.indexOf(photo);
  queue.remove(photo);
  strip.remove(photo);
  const next = selected === photo ? (queue.photos[index] ?? queue.photos[index - 1] ?? null) : selected;
  select(next);
  if (next) strip.focus(next);
  else element("choose").focus();
  announce(`${photo.name} removed.`);
}

function changed(photo) {
  strip.update(photo, photo === selected);
  if (photo.state === "done" && !photo.announced) announce(`${photo.name} is restored. ${summaryOf(photo.result.found)}`);
  if (photo.state === "failed" && !photo.announced && photo !== selected) announce(`${photo.name} failed. ${photo.error.message}`);
  photo.announced = !photo.isUnderWay;
  if (photo === selected) render(photo);
  else offerDownloads();
}

async function render(photo) {
  const { result, state } = photo;
  element("photo-name").textContent = photo.name;
  element("photo-facts").textContent = result ? `${result.report.width} × ${result.report.height} pixels` : STATES[state](photo);
  const isCopy = photo.isShowable === false && Boolean(photo.before);
  element("note").hidden = !isCopy;
  element("note").textContent = isCopy ? "This browser cannot show the file itself, so you see it as PNG. The download is not affected." : "";
  showProgress(photo);
  showFailure(photo);
  element("findings").hidden = !result && !photo.isUnderWay;
  element("same").hidden = queue.photos.length < 2;
  offerDownloads();
  if (result !== shownResult || photo.analysis !== shownAnalysis) {
    shownAnalysis = photo.analysis;
    showFindings(result, photo.analysis);
  }
  if (result !== shownResult) {
    shownResult = result;
    correction = null;
    showFacts(result, null, photo.edit.strength);
  }
  await stage.show(photo);
  if (result && correction === null && photo === selected && result === photo.result) {
    const { width, height } = result.report;
    correction = meanCorrection(...stage.images, width, height);
    showFacts(result, correction, photo.edit.strength);
  }
}

function showProgress(photo) {
  element("busy").hidden = !photo.isUnderWay;
  element("busy-text").textContent = STATES[photo.state](photo);
  if (photo.state === "running" && photo.progress > 0) element("busy-bar").value = photo.progress;
  else element("busy-bar").removeAttribute("value");
}

function showFailure({ state, error, name }) {
  const isCancelled = state === "cancelled";
  element("failure").hidden = state !== "failed" && !isCancelled;
  element("failure-title").textContent = isCancelled ? "Cancelled" : "This did not work";
  element("failure-message").textContent = isCancelled ? `${name} was not restored.` : sentence(error?.message ?? "");
  element("failure-hint").textContent = (!isCancelled && error?.hint) || "";
}

const sentence = (text) => text.replace(/^picture: /, "").replace(/[^.!?]$/, "$&.");

function edited(edit) {
  const photo = selected;
  photo.edit = edit;
  stage.setStrength(edit.strength);
  showFacts(photo.result, correction, edit.strength);
  clearTimeout(editTimers.get(photo));
  editTimers.set(photo, setTimeout(() => recompute(photo), EDIT_PAUSE));
}

function recompute(photo) {
  const isCurrent = photo.state === "queued" || sameComputation(photo.asked, photo.edit);
  if (!isCurrent && queue.photos.includes(photo)) queue.restart(photo);
}

function offerDownloads() {
  downloads.offer(selected, queue.photos);
}

function announce(text) {
  element("announcements").textContent = text;
}

async function introduce() {
  const isHere = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  element("where").textContent = isHere ? "On this computer" : `On ${location.hostname}`;
  element("privacy").textContent = isHere ? "Photos stay on this computer; nothing is stored." : `Photos go to ${location.hostname} only; nothing is stored.`;
  try {
    const about = await api.about();
    queue.maxBytes = about.max_body_bytes;
    settings.offer(about.tasks);
    settings.offerEfforts(await api.choices("effort"));
    const tasks = new Intl.ListFormat("en", { type: "disjunction" }).format(about.tasks.map(taskInSentence));
    element("tasks-known").textContent = `Drop a photo with ${tasks} and see it before and after.`;
    const formats = new Intl.ListFormat("en", { type: "disjunction" }).format(about.formats.map((name) => name.replace("WEBP", "WebP")));
    element("limits").textContent = `${formats}; up to ${about.max_megapixels}\u00a0megapixels and ${Math.floor(about.max_body_bytes / 2 ** 20)}\u00a0MiB each.`;
  } catch (error) {
    element("limits").textContent = `${error.message} ${error.hint}`;
  }
}

bindTheme(element("theme"));
bindIntake({ buttons: [element("choose"), element("add")], input: element("files"), landing: element("landing") }, take);
on("busy-cancel", () => queue.cancel(selected));
on("retry", () => queue.restart(selected));
on("failure-remove", () => remove(selected));
on("download", () => downloads.save([selected], offerDownloads));
on("download-all", () => downloads.save(queue.photos.filter((photo) => photo.result), offerDownloads));
on("same", () => {
  for (const photo of queue.photos) {
    photo.edit = selected.edit;
    recompute(photo);
  }
  announce("The settings now apply to all photos.");
});
introduce();
