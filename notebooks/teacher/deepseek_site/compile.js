// node compile.js PYODIDE FOLDER: compiles all .py files below a folder, each .pyc beside its .py.
const [pyodide, folder] = process.argv.slice(2);
const { loadPyodide } = require(`${pyodide}/pyodide.js`);

(async () => {
  const python = await loadPyodide({ indexURL: `${pyodide}/` });
  python.FS.mkdir("/archives");
  python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, "/archives");
  // A file that Python cannot read (a template, an example) stays as it is; no file is looked at again for its time.
  python.runPython(`
import compileall
from py_compile import PycInvalidationMode

how = PycInvalidationMode.UNCHECKED_HASH
compileall.compile_dir("/archives", quiet=2, legacy=True, stripdir="/archives", invalidation_mode=how)
`);
})();
