// The routes of the server, from its own OpenAPI description; nothing is fetched from elsewhere.
"use strict";

function make(tag, attributes = {}, ...children) {
  const one = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
  one.append(...children);
  return one;
}

function example(path, method, fields) {
  const address = location.origin + path;
  const key = "-H \"Authorization: Bearer $TOKEN\"";
  if (method === "get") return `curl ${address}`;
  if (fields.file) return `curl ${key} -F file=@recording.wav ${address}`;
  if (fields.text) return `curl ${key} -F text="Good morning." -o speech.wav ${address}`;
  return `curl ${key} -X ${method.toUpperCase()} ${address}`;
}

function fieldRow(name, field) {
  const range = [];
  if (field.enum) range.push(field.enum.join(", "));
  if (field.minimum !== undefined) range.push(`from ${field.minimum}`);
  if (field.maximum !== undefined) range.push(`to ${field.maximum}`);
  if (field.default !== undefined) range.push(`else ${field.default}`);
  const kind = field.format === "binary" ? "file" : field.type;
  return make("tr", {}, make("td", {}, make("code", {}, name)), make("td", {}, kind),
    make("td", {}, field.description || ""), make("td", {}, range.join("; ")));
}

function section(path, method, told) {
  const content = told.requestBody?.content || {};
  const fields = content["multipart/form-data"]?.schema?.properties || {};
  const rows = Object.entries(fields).map(([name, field]) => fieldRow(name, field));
  const head = make("summary", {}, make("code", {}, `${method.toUpperCase()} ${path}`), " ",
    told.summary || "");
  const all = make("details", {}, head, make("pre", {}, example(path, method, fields)));
  if (rows.length) {
    const names = ["field", "kind", "what", "values"].map((one) => make("th", {}, one));
    all.append(make("div", { class: "wide" }, make("table", {}, make("thead", {},
      make("tr", {}, ...names)), make("tbody", {}, ...rows))));
    const bodies = Object.keys(content).join(", ");
    all.append(make("p", {}, `The body is one of: ${bodies}.`));
  }
  return all;
}

async function show() {
  const place = document.getElementById("routes");
  const told = await (await fetch("/openapi.json")).json();
  place.replaceChildren();
  const groups = new Map();
  for (const [path, methods] of Object.entries(told.paths)) {
    for (const [method, one] of Object.entries(methods)) {
      const group = one.tags?.[0] || "other";
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(section(path, method, one));
    }
  }
  for (const [group, all] of groups) place.append(make("h2", {}, group), ...all);
}

show().catch((error) => {
  document.getElementById("routes").textContent = `The description cannot be read: ${error}`;
});
