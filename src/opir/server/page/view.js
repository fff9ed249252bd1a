// Zoom and pan: where the photo lies on the stage. Wheel, pinch, drag, double click and keys change it.

const LARGEST = 32; // screen pixels per photo pixel
const STEP = 1.25;
const KEY_PAN = 60; // CSS pixels

export class View {
  width = 1;
  height = 1;
  scale = 1; // CSS pixels per photo pixel
  x = 0; // left edge of the photo on the stage
  y = 0;
  #stage;
  #moved;
  #dragged;
  #isFitted = true;
  #pointers = new Map();

  /** `moved` is called after every change, `dragged(clientX)` for a drag where there is nothing to pan. */
  constructor(stage, { moved, dragged }) {
    this.#stage = stage;
    this.#moved = moved;
    this.#dragged = dragged;
    new ResizeObserver(() => (this.#isFitted ? this.fit() : this.#place())).observe(stage);
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of ["pointerup", "pointercancel"]) stage.addEventListener(type, (event) => this.#pointers.delete(event.pointerId));
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("dblclick", (event) => this.#toggle(event));
    stage.addEventListener("keydown", (event) => this.#key(event));
  }

  /** The part of the stage that the photo covers, left and right edge. */
  get covered() {
    const { clientWidth } = this.#stage;
    return [Math.max(0, this.x), Math.min(clientWidth, this.x + this.width * this.scale)];
  }

  /** Zoom in screen pixels per photo pixel. */
  get zoom() {
    return this.scale * devicePixelRatio;
  }

  show(width, height) {
    if (width === this.width && height === this.height) return;
    Object.assign(this, { width, height });
    this.fit();
  }

  fit() {
    this.#isFitted = true;
    this.scale = this.#fitting;
    this.#place();
  }

  full(x, y) {
    this.zoomTo(1 / devicePixelRatio, x, y);
  }

  zoomBy(factor, x, y) {
    this.zoomTo(this.scale * factor, x, y);
  }

  /** Zoom and keep what lies under (x, y) of the stage, its middle by default. */
  zoomTo(scale, x = this.#stage.clientWidth / 2, y = this.#stage.clientHeight / 2) {
    const least = Math.min(this.#fitting, 1 / devicePixelRatio);
    const wanted = Math.min(Math.max(scale, least), LARGEST / devicePixelRatio);
    this.#isFitted = false;
    this.x = x - ((x - this.x) * wanted) / this.scale;
    this.y = y - ((y - this.y) * wanted) / this.scale;
    this.scale = wanted;
    this.#place();
  }

  pan(x, y) {
    this.x += x;
    this.y += y;
    this.#place();
  }

  get #fitting() {
    const { clientWidth, clientHeight } = this.#stage;
    return Math.min(clientWidth / this.width, clientHeight / this.height, LARGEST / 2);
  }

  get #canPan() {
    const { clientWidth, clientHeight } = this.#stage;
    return this.width * this.scale > clientWidth + 1 || this.height * this.scale > clientHeight + 1;
  }

  #place() {
    const { clientWidth, clientHeight, style, classList } = this.#stage;
    const inside = (at, size, room) => (size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, at)));
    this.x = inside(this.x, this.width * this.scale, clientWidth);
    this.y = inside(this.y, this.height * this.scale, clientHeight);
    const [left, right] = this.covered;
    style.setProperty("--from", `${left}px`);
    style.setProperty("--to", `${clientWidth - right}px`);
    style.setProperty("--w", `${this.width}px`);
    style.setProperty("--h", `${this.height}px`);
    style.setProperty("--ratio", String(this.width / this.height));
    style.setProperty("--at", `translate(${this.x}px, ${this.y}px) scale(${this.scale})`);
    classList.toggle("zoomed", this.#canPan);
    classList.toggle("pixels", this.zoom >= 2);
    this.#moved();
  }

  #at(event) {
    const box = this.#stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  #down(event) {
    if (event.button !== 0 || event.target.closest("button, .card, [role=slider]")) return;
    this.#stage.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#at(event));
    if (this.#pointers.size === 1 && !this.#canPan && event.pointerType !== "touch") this.#dragged(event.clientX);
  }

  #move(event) {
    const last = this.#pointers.get(event.pointerId);
    if (!last) return;
    const now = this.#at(event);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#pointers.set(event.pointerId, now);
    if (other) {
      const apart = ([x, y]) => Math.hypot(x - other[0], y - other[1]);
      this.zoomBy(apart(now) / Math.max(1, apart(last)), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
      this.pan((now[0] - last[0]) / 2, (now[1] - last[1]) / 2);
    } else if (this.#canPan) this.pan(now[0] - last[0], now[1] - last[1]);
    else this.#dragged(event.clientX);
  }

  #wheel(event) {
    const page = document.scrollingElement;
    if (!event.ctrlKey && page.scrollHeight > page.clientHeight) return; // the wheel belongs to the page
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 20 : 1);
    this.zoomBy(Math.exp(-Math.max(-120, Math.min(120, pixels)) / (event.ctrlKey ? 120 : 480)), ...this.#at(event));
  }

  #toggle(event) {
    if (event.target.closest("button, .card, [role=slider]")) return;
    if (this.#canPan) this.fit();
    else this.zoomTo(Math.max(1 / devicePixelRatio, 2 * this.scale), ...this.#at(event));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isStage = event.target === this.#stage;
    const moves = { ArrowLeft: [KEY_PAN, 0], ArrowRight: [-KEY_PAN, 0], ArrowUp: [0, KEY_PAN], ArrowDown: [0, -KEY_PAN] };
    if (event.key === "+" || event.key === "=") this.zoomBy(STEP);
    else if (event.key === "-") this.zoomBy(1 / STEP);
    else if (event.key === "0") this.fit();
    else if (event.key === "1") this.full();
    else if (isStage && moves[event.key] && this.#canPan) this.pan(...moves[event.key]);
    else return;
    event.preventDefault();
  }
}
