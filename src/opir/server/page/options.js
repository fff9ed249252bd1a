// The options of a restoration: those of one photo, those of the download, and the query that says them to the server.

export const DEFAULT_EDIT = Object.freeze({ strength: 100, tasks: Object.freeze([]), limit: null, effort: null });

const TASK_NAMES = {
  noise: "Noise", rain: "Rain", snow: "Snow", haze: "Haze", blur: "Blur", low_light: "Low light", jpeg: "JPEG artefacts",
};

export const taskName = (task) => TASK_NAMES[task] ?? task.replaceAll("_", " ");

export const taskInSentence = (task) => taskName(task).toLowerCase().replace("jpeg", "JPEG");

/** What has to be computed anew; the strength does not, since the page can blend. */
export const sameComputation = (one, other) =>
  one.limit === other.limit && one.effort === other.effort && String(one.tasks) === String(other.tasks);

export function queryOf(edit, { metadata, format }) {
  const query = new URLSearchParams(edit.tasks.map((task) => ["task", task]));
  query.set("strength", String(edit.strength / 100));
  if (edit.limit !== null) query.set("max_uncertainty", String(edit.limit));
  if (edit.effort !== null) query.set("effort", edit.effort);
  query.set("metadata", metadata);
  if (format) query.set("format", format);
  return String(query);
}
