// Which edition of a lesson a learner's copy comes from, and how the site's new edition takes over what was written.
// An edition is known by its cells: {"ko/02-numbers.ipynb": {"02-rate-answer": 2166136261, …}, …}, in lessons.json.
"use strict";

const lessons = (() => {
  // FNV-1a, as pages.py reckons it: a school's server may have no https, and then a browser has no crypto.subtle.
  function print(text) {
    let hash = 0x811c9dc5;
    for (const sign of text) hash = Math.imul(hash ^ sign.codePointAt(0), 0x01000193) >>> 0;
    return hash;
  }

  const source = (cell) => (Array.isArray(cell.source) ? cell.source.join("") : cell.source);
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const isAnswer = (cell) => /-(answer|written)$/.test(cell.id);
  const isOwn = (cell) => /^[0-9a-f]{8}-/.test(cell.id); // JupyterLab's way of naming a new cell

  const editions = async () => (await fetch(`${course.root}lessons.json`, { cache: "no-cache" })).json();
  const asBuilt = async (path) => (await fetch(`${course.root}lite/files/${path}`, { cache: "no-cache" })).json();

  // A copy of which no edition is noted, brought from elsewhere: whether it is the site's, with answers in it.
  function isFrom(edition, notebook) {
    const mine = new Map(notebook.cells.map((cell) => [cell.id, cell]));
    return Object.entries(edition).every(([id, hash]) => {
      const cell = mine.get(id);
      return cell && (cell.cell_type === "code" || isAnswer(cell) || print(source(cell)) === hash);
    });
  }

  // Notes which edition each lesson is opened in, for as long as there is no copy of it: the copy will come from that.
  async function noteEditions(site) {
    const [kept, before] = [new Set(await storage.paths()), (await storage.note("editions")) ?? {}];
    const now = {};
    for (const [path, edition] of Object.entries(site)) {
      if (!kept.has(path)) now[path] = edition;
      else if (before[path]) now[path] = before[path];
      else if (isFrom(edition, await storage.read(path))) now[path] = edition;
    }
    await storage.setNote("editions", now);
    return now;
  }

  async function forgetEdition(path) {
    const { [path]: _, ...others } = (await storage.note("editions")) ?? {};
    await storage.setNote("editions", others);
  }

  // The lessons of which the learner has a copy from another edition, and has not said to keep it.
  async function outdated(site) {
    const [noted, refused] = [await noteEditions(site), (await storage.note("refused")) ?? {}];
    const kept = await storage.paths();
    return kept.filter((path) => site[path] && !same(noted[path], site[path]) && !same(refused[path], site[path]));
  }

  const keepMine = async (path, site) =>
    storage.setNote("refused", { ...(await storage.note("refused")), [path]: site[path] });

  // The site's notebook with what the learner wrote. `edition` is the one that the copy comes from, if that is known:
  // then what differs from it is the learner's, and a cell that is not in it is the learner's own.
  function carriedOver(mine, fresh, edition) {
    const wrote = (cell) => (edition?.[cell.id] !== undefined ? print(source(cell)) !== edition[cell.id] : isAnswer(cell));
    const own = (cell) => (edition ? edition[cell.id] === undefined : isOwn(cell));
    const cells = fresh.cells.map((cell) => {
      const old = mine.cells.find((other) => other.id === cell.id);
      return old && wrote(old) && source(old) !== source(cell) ? withMine(cell, old, edition) : cell;
    });
    const has = new Set(cells.map((cell) => cell.id));
    mine.cells.forEach((cell, at) => {
      const changed = !isAnswer(cell) && edition?.[cell.id] !== undefined && wrote(cell);
      if (has.has(cell.id) || !(own(cell) || changed)) return;
      const above = mine.cells.slice(0, at).reverse().find((other) => has.has(other.id));
      cells.splice(above ? cells.findIndex((other) => other.id === above.id) + 1 : 0, 0, cell);
      has.add(cell.id);
    });
    return { ...fresh, cells };
  }

  // The learner's text in a new cell, and what it printed if the site has not changed the cell.
  function withMine(cell, old, edition) {
    const made = { ...cell, source: old.source };
    if (cell.cell_type !== "code" || print(source(cell)) !== edition?.[cell.id]) return made;
    const { outputs_hidden, ...shown } = cell.metadata.jupyter ?? {};
    return { ...made, outputs: old.outputs, execution_count: old.execution_count, metadata: { ...cell.metadata, jupyter: shown } };
  }

  // Takes the new edition; the learner's copy from before is kept beside it.
  async function renew(path, site) {
    const [mine, fresh, noted] = [await storage.read(path), await asBuilt(path), await storage.note("editions")];
    const made = carriedOver(mine, fresh, noted?.[path]);
    await storage.setAside(path);
    await storage.write(path, made);
    await storage.setNote("editions", { ...noted, [path]: site[path] });
  }

  return { print, editions, asBuilt, outdated, keepMine, renew, carriedOver, forgetEdition };
})();
