// The server's HTTP interface: requests, errors in its one shape, the token, jobs with their progress.

import { recall, remember } from "./memory.js";

const BUSY = ["queue_full", "client_busy"]; // kinds of errors that pass by themselves

export class ApiError extends Error {
  constructor({ kind, message, hint = "" }, retryAfter = null) {
    super(message);
    this.kind = kind;
    this.hint = hint;
    this.retryAfter = retryAfter; // seconds
  }
}

const unreachable = () => new ApiError({
  kind: "unreachable",
  message: "The server does not answer.",
  hint: "Is “opir serve” still running?",
});

async function errorOf(response) {
  const seconds = Number(response.headers.get("retry-after"));
  const retryAfter = Number.isFinite(seconds) && seconds > 0 ? seconds : null;
  try {
    return new ApiError((await response.json()).error, retryAfter);
  } catch {
    return new ApiError({ kind: "http", message: `The server answered ${response.status}.` }, retryAfter);
  }
}

export class Api {
  #token = recall("token", "sessionStorage");
  #asking = null;
  #askToken;

  /** `askToken` shows a dialog and resolves to what was typed, or null. */
  constructor(askToken) {
    this.#askToken = askToken;
  }

  async about() {
    return (await this.#request("v1/about")).json();
  }

  /** The values that an option of a restoration may have, as the server describes itself, and its default. */
  async choices(option) {
    const description = await (await this.#request("openapi.json")).json();
    const found = description.paths["/v1/restore"].post.parameters.find(({ name }) => name === option);
    return { values: found?.schema.enum ?? [], preset: found?.schema.default ?? null };
  }

  /**
   * Restore the bytes of a file and resolve to the response with the result; `told` gets the job's status
   * whenever it changes. A full queue is waited for. Aborting the signal cancels the job on the server too.
   */
  async restore(bytes, query, { signal, told }) {
    const job = await this.#submit(`v1/jobs?${query}`, bytes, { signal, told });
    const leave = () => this.#forget(job.id);
    addEventListener("pagehide", leave);
    try {
      told(job);
      for await (const status of this.#follow(job.id, signal)) {
        if (status.error) throw new ApiError(status.error);
        told(status);
      }
      const response = await this.#request(`v1/jobs/${job.id}/result`, { signal });
      const body = await response.blob();
      return new Response(body, { headers: response.headers });
    } finally {
      removeEventListener("pagehide", leave);
      leave();
    }
  }

  /** Measure how strong the degradations of a picture are. A full queue is waited for. */
  analyze(bytes, signal) {
    return this.#submit("v1/analyze", bytes, { signal, told: () => {} });
  }

  async #submit(path, bytes, { signal, told }) {
    for (;;) {
      try {
        const options = { method: "POST", body: bytes, headers: { "content-type": "application/octet-stream" }, signal };
        return await (await this.#request(path, options)).json();
      } catch (error) {
        if (!BUSY.includes(error.kind)) throw error;
        told({ state: "waiting", progress: 0, n_ahead: 0 });
        await pause(error.retryAfter ?? 5, signal);
      }
    }
  }

  /** Yield the job's status from its event stream. (EventSource cannot send a token.) */
  async *#follow(id, signal) {
    const response = await this.#request(`v1/jobs/${id}/events`, { signal });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = ""; ;) {
      const { done, value } = await reader.read().catch((error) => {
        throw signal.aborted ? error : unreachable();
      });
      if (done) return;
      const events = (text + value).split("\n\n");
      text = events.pop();
      for (const event of events) {
        const data = event.split("\n").find((line) => line.startsWith("data:"));
        if (data) yield JSON.parse(data.slice(5));
      }
    }
  }

  #forget(id) {
    this.#send(`v1/jobs/${id}`, { method: "DELETE", keepalive: true }).catch(() => {});
  }

  #send(path, options = {}) {
    const headers = { ...options.headers, ...(this.#token && { authorization: `Bearer ${this.#token}` }) };
    return fetch(path, { ...options, headers });
  }

  async #request(path, options = {}) {
    for (;;) {
      const used = this.#token;
      const response = await this.#send(path, options).catch((error) => {
        throw options.signal?.aborted ? error : unreachable();
      });
      if (response.ok) return response;
      if (response.status !== 401) throw await errorOf(response);
      if (used !== this.#token) continue; // somebody typed it meanwhile
      this.#asking ??= this.#askToken().finally(() => { this.#asking = null; });
      const typed = await this.#asking;
      if (typed === null) throw await errorOf(response);
      this.#token = typed;
      remember("token", typed, "sessionStorage");
    }
  }
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}
