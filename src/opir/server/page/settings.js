// The controls: strength, tasks and limit of the selected photo; format and metadata of every download.

import { DEFAULT_EDIT, taskName } from "./options.js";
import { recall, remember } from "./memory.js";

const element = (id) => document.getElementById(id);

const METADATA_TEXTS = {
  safe: "Camera and date stay, places and serial numbers go.",
  keep: "All stays, even where the photo was taken.",
  strip: "Only the colour profile stays.",
};

const FORMAT_TEXTS = { "": "Original format", PNG: "PNG", JPEG: "JPEG", WEBP: "WebP", TIFF: "TIFF", AVIF: "AVIF" };

const INFORMATION_TEXTS = { safe: "without places", keep: "with all information", strip: "without information" };

export class Settings {
  #edit = DEFAULT_EDIT;
  #preset = null; // effort
  #edited;

  /** `edited` is called with the new options of the photo. */
  constructor(edited) {
    this.#edited = edited;
    element("strength").addEventListener("input", ({ target }) => this.#change({ strength: Number(target.value) }));
    element("careful").addEventListener("change", () => this.#readLimit());
    element("limit").addEventListener("change", () => this.#readLimit());
    for (const id of ["format", "metadata"]) this.#bindChoice(id);
  }

  /** The options of the download. */
  get output() {
    return { format: element("format").value, metadata: element("metadata").value };
  }

  /** Offer the tasks that the model was trained on. */
  offer(tasks) {
    const named = ["", ...tasks].map((task) => [task, task ? taskName(task) : "What was found"]);
    element("tasks").replaceChildren(...named.map(([task, text]) => chipOf("task", task, text, () => this.#choose(task))));
    this.show(this.#edit);
  }

  /** Offer the efforts that the server knows; `preset` is what it takes unless told. */
  offerEfforts({ values, preset }) {
    const chips = values.map((effort) => {
      const text = effort.charAt(0).toUpperCase() + effort.slice(1);
      return chipOf("effort", effort, text, () => this.#change({ effort: effort === preset ? null : effort }));
    });
    this.#preset = preset;
    element("efforts").replaceChildren(...chips);
    element("effort-group").hidden = !chips.length;
    this.show(this.#edit);
  }

  /** Show the options of a photo. */
  show(edit) {
    this.#edit = edit;
    element("strength").value = String(edit.strength);
    element("strength-text").value = `${edit.strength} %`;
    element("careful").checked = edit.limit !== null;
    element("limit").disabled = edit.limit === null;
    if (edit.limit !== null) element("limit").value = String(edit.limit);
    for (const chip of element("efforts").children) {
      chip.setAttribute("aria-pressed", String(chip.dataset.effort === (edit.effort ?? this.#preset)));
    }
    for (const chip of element("tasks").children) {
      const { task } = chip.dataset;
      chip.setAttribute("aria-pressed", String(task ? edit.tasks.includes(task) : !edit.tasks.length));
    }
  }

  #choose(task) {
    const others = this.#edit.tasks.filter((name) => name !== task);
    const isOn = this.#edit.tasks.includes(task);
    this.#change({ tasks: task ? (isOn ? others : [...others, task].sort()) : [] });
  }

  #readLimit() {
    const value = Number(element("limit").value);
    const isPossible = Number.isFinite(value) && value > 0;
    element("limit").setAttribute("aria-invalid", String(!isPossible));
    if (isPossible) this.#change({ limit: element("careful").checked ? value : null });
  }

  #change(changes) {
    this.show({ ...this.#edit, ...changes });
    this.#edited(this.#edit);
  }

  #bindChoice(id) {
    const select = element(id);
    const known = recall(id);
    if ([...select.options].some(({ value }) => value === known)) select.value = known;
    const show = () => {
      element("metadata-text").textContent = METADATA_TEXTS[element("metadata").value];
      element("output-text").textContent = `${FORMAT_TEXTS[element("format").value]}, ${INFORMATION_TEXTS[element("metadata").value]}`;
    };
    select.addEventListener("change", () => { remember(id, select.value); show(); });
    show();
  }
}

function chipOf(kind, value, text, act) {
  const chip = document.createElement("button");
  chip.type = "button";
  chip.className = "chip";
  chip.dataset[kind] = value;
  chip.textContent = text;
  chip.addEventListener("click", act);
  return chip;
}
