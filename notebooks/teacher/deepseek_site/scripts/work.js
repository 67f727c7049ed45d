// "My work": what this browser keeps, taken out as one zip and brought back.
"use strict";

(async () => {
  const { language, say, element } = words;
  const NAME = "my-deepseek-course.zip";
  const main = document.querySelector(`.in-${language} main`);
  const [list, told, picker] = [".kept", ".told", "input[type=file]"].map((name) => main.querySelector(name));
  const tell = (...lines) => told.replaceChildren(...lines.map((line) => element("p", {}, line)));
  const lab = (path) => `lite/notebooks/index.html?path=${encodeURIComponent(path)}`;

  function save(name, bytes) {
    const address = URL.createObjectURL(new Blob([bytes]));
    element("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  async function row(path, site) {
    const when = new Date(await storage.changed(path)).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
    const title = course.titles[path] ?? path;
    const name = path.endsWith(".ipynb") ? element("a", { href: lab(path) }, title) : element("span", {}, title);
    const made = element("li", {}, name, element("small", {}, when));
    const button = (key, act) => element("button", { type: "button", onclick: act, ariaLabel: `${say(key)}: ${title}` }, say(key));
    made.append(button("work_save", async () => save(path.split("/").pop(), await storage.bytes(path))));
    if (site[path]) made.append(button("work_again", () => again(path)));
    return made;
  }

  async function show() {
    const [paths, site] = [await storage.paths(), await lessons.editions()];
    const mine = (path) => (path.startsWith(language) ? 0 : 1); // the page's language first
    const rows = await Promise.all(paths.sort((a, b) => mine(a) - mine(b)).map((path) => row(path, site)));
    list.replaceChildren(...rows);
    main.querySelector(".nothing").hidden = rows.length > 0;
    main.querySelector(".something").hidden = rows.length === 0;
    main.querySelector(".take").disabled = rows.length === 0;
  }

  async function again(path) {
    tell(say("work_again_done", course.titles[path], await storage.setAside(path)));
    await show();
  }

  async function take() {
    const paths = await storage.paths();
    const all = await Promise.all(paths.map(async (path) => [path, await storage.bytes(path)]));
    save(NAME, fflate.zipSync(Object.fromEntries(all)));
    tell(say("work_taken", NAME, paths.length));
  }

  // "notebooks/ko/02-numbers.ipynb" in a zip is "ko/02-numbers.ipynb" here. Hidden files, folders, and what lies in
  // other folders of the course are left where they are.
  function placeOf(name) {
    const place = name.match(/(?:^|\/)((?:ko|en)\/.+)$|^([^/]+)$/)?.slice(1).find(Boolean);
    return place && !/(^|\/)[._]|\/$/.test(place) ? place : undefined;
  }

  async function bring(file) {
    let entries;
    try {
      entries = fflate.unzipSync(new Uint8Array(await file.arrayBuffer()), { filter: ({ name }) => placeOf(name) });
    } catch {
      return tell(say("work_no_zip", file.name));
    }
    const lines = [];
    for (const [name, bytes] of Object.entries(entries)) lines.push(...(await bringOne(placeOf(name), bytes)));
    tell(lines.length ? say("work_brought") : say("work_nothing_new"), ...lines);
    await show();
  }

  // Whatever differs from what is here is put in its place, and what is here is kept beside it.
  async function bringOne(path, bytes) {
    let brought;
    try {
      brought = storage.fromBytes(path, bytes).content;
    } catch {
      return [say("work_unreadable", path)];
    }
    const here = await storage.read(path).catch(() => "damaged");
    const built = !here && path in (await lessons.editions()) ? await lessons.asBuilt(path) : undefined;
    if (plain(brought) === plain(here ?? built ?? null)) return [];
    const aside = await storage.setAside(path);
    await storage.writeBytes(path, bytes);
    await lessons.forgetEdition(path);
    return [aside ? say("work_brought_beside", path, aside) : path];
  }

  // The same text for the same content: a notebook's lines may come one by one, and its fields in any order.
  function plain(value) {
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return JSON.stringify(value.join(""));
    if (Array.isArray(value)) return `[${value.map(plain)}]`;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    return `{${Object.keys(value).sort().map((key) => `${key}:${plain(value[key])}`)}}`;
  }

  main.querySelector(".take").addEventListener("click", take);
  picker.addEventListener("change", async () => {
    if (picker.files.length) await bring(picker.files[0]);
    picker.value = "";
  });
  addEventListener("hashchange", () => location.reload()); // the other language
  if (!(await storage.works())) tell(say("door_unkept_text"));
  await show();
})();
