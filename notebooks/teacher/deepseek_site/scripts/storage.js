// What the browser keeps of a learner's work: JupyterLite's own files, through the library that it uses itself.
// A path is such as "ko/02-numbers.ipynb"; a content is what the file holds, a notebook or JSON as an object.
"use strict";

const storage = (() => {
  const LEAST = 20e6; // bytes: all lessons worked through, with their charts and copies
  const files = localforage.createInstance({ name: course.storage, storeName: "files", version: 1 });
  const notes = localforage.createInstance({ name: `${course.storage}-pages`, storeName: "notes", version: 1 });

  // Whether what is written now is still there tomorrow.
  async function works() {
    try {
      await notes.setItem("probe", 1);
      const { quota = LEAST, usage = 0 } = (await navigator.storage?.estimate?.()) ?? {};
      return notes.driver() === localforage.INDEXEDDB && quota - usage >= LEAST;
    } catch {
      return false;
    }
  }

  const isJson = (path) => /\.(ipynb|json)$/.test(path);
  const isText = (path) => /\.(html|csv|txt|md|py)$/.test(path);

  function model(path, content, format) {
    const now = new Date().toISOString();
    const type = path.endsWith(".ipynb") ? "notebook" : "file";
    const mimetype = { json: "application/json", text: "text/plain", base64: "application/octet-stream" }[format];
    const size = toBytes({ content, format }).length;
    return { name: path.split("/").pop(), path, type, format, mimetype, content, size, created: now, last_modified: now, writable: true };
  }

  function toBytes({ content, format }) {
    if (format === "base64") return Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
    return fflate.strToU8(format === "json" ? JSON.stringify(content, null, 1) + "\n" : content);
  }

  function fromBytes(path, bytes) {
    if (isJson(path)) return model(path, JSON.parse(fflate.strFromU8(bytes)), "json");
    if (isText(path)) return model(path, fflate.strFromU8(bytes), "text");
    return model(path, btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")), "base64");
  }

  // All that is kept, without folders and hidden files (a lock, a copy for emergencies).
  async function paths() {
    const found = [];
    await files.iterate((file, path) => {
      if (file?.type !== "directory" && !/(^|\/)\./.test(path)) found.push(path);
    });
    return found.sort();
  }

  async function bytes(path) {
    const kept = await files.getItem(path);
    return kept && toBytes(kept);
  }

  async function read(path) {
    const found = await bytes(path);
    return found && fromBytes(path, found).content;
  }

  const changed = async (path) => (await files.getItem(path))?.last_modified;
  const write = (path, content) => files.setItem(path, model(path, content, "json"));
  const writeBytes = (path, content) => files.setItem(path, fromBytes(path, content));

  // Moves what is kept under a path to a name that says what it is; returns that name, or nothing if there was none.
  async function setAside(path) {
    const kept = await files.getItem(path);
    if (!kept) return undefined;
    const [stem, ending] = [path.replace(/\.\w+$/, ""), path.match(/\.\w+$/)?.[0] ?? ""];
    const there = new Set(await files.keys());
    const day = new Date().toLocaleDateString("sv"); // 2026-11-28, by the learner's clock
    const names = Array.from({ length: there.size + 1 }, (_, n) => `${stem} (before ${day}${n ? `, ${n + 1}` : ""})${ending}`);
    const aside = names.find((name) => !there.has(name));
    await files.setItem(aside, { ...kept, name: aside.split("/").pop(), path: aside });
    await files.removeItem(path);
    return aside;
  }

  const note = (name) => notes.getItem(name);
  const setNote = (name, value) => notes.setItem(name, value);

  return { works, paths, bytes, read, changed, write, writeBytes, fromBytes, setAside, note, setNote };
})();
