// The strip of photos: thumbnail, name, state and progress of each, with its cancel or remove button.

export const STATES = {
  queued: () => "Waiting",
  sending: () => "Sending",
  waiting: ({ ahead }) => (ahead > 1 ? `${ahead} before it` : "Next"),
  running: ({ progress }) => (progress > 0 ? `Restoring, ${Math.round(100 * progress)} %` : "Restoring"),
  done: () => "Restored",
  failed: () => "Failed",
  cancelled: () => "Cancelled",
};

export class Strip {
  #list;
  #entries = new Map();
  #on;

  /** `on`: select(photo), cancel(photo), remove(photo). */
  constructor(list, on) {
    this.#list = list;
    this.#on = on;
  }

  update(photo, isSelected) {
    const entry = this.#entries.get(photo) ?? this.#add(photo);
    const text = STATES[photo.state](photo);
    entry.item.dataset.state = photo.state;
    entry.item.style.setProperty("--share", String(photo.isUnderWay ? photo.progress : 0));
    entry.state.textContent = text;
    entry.choose.setAttribute("aria-current", String(isSelected));
    entry.choose.title = photo.name;
    entry.close.setAttribute("aria-label", `${photo.isUnderWay ? "Cancel" : "Remove"} ${photo.name}`);
    if (photo.thumbnail && entry.image.src !== photo.thumbnail) entry.image.src = photo.thumbnail;
    entry.image.hidden = !photo.thumbnail;
  }

  remove(photo) {
    this.#entries.get(photo)?.item.remove();
    this.#entries.delete(photo);
  }

  focus(photo) {
    this.#entries.get(photo)?.choose.focus();
  }

  #add(photo) {
    const [item, choose, close] = ["li", "button", "button"].map((name) => document.createElement(name));
    const [frame, name, state] = ["span", "span", "span"].map((tag) => document.createElement(tag));
    const image = document.createElement("img");
    choose.type = close.type = "button";
    [choose.className, close.className, frame.className, name.className, state.className] = ["choose", "close", "frame", "name", "state"];
    image.alt = "";
    name.textContent = photo.name;
    close.textContent = "×";
    frame.append(image);
    choose.append(frame, name, state);
    item.append(choose, close);
    choose.addEventListener("click", () => this.#on.select(photo));
    close.addEventListener("click", () => (photo.isUnderWay ? this.#on.cancel(photo) : this.#on.remove(photo)));
    this.#list.append(item);
    const entry = { item, choose, close, image, state };
    this.#entries.set(photo, entry);
    return entry;
  }
}
