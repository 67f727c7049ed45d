"""What JupyterLite in the site is told: where its storage and Python are, and how the page looks."""

# The name of the database in the browser (IndexedDB, by localForage). Of its stores "files" has a learner's notebooks
# and my-course.json by their paths ("ko/02-numbers.ipynb"), "checkpoints" what was last saved of each, "settings"
# JupyterLab's.
STORAGE = "deepseek-course"

PYODIDE = "0.27.7"  # the newest whose packages can be had as files, and so tried without a network
CDN = f"https://cdn.jsdelivr.net/pyodide/v{PYODIDE}/pyc/"  # compiled, and so faster to start than full/

LITE = "lite"  # JupyterLite's folder in the site
OWN = "pyodide"  # in it: the wheels that Pyodide does not have, and with --pyodide Pyodide itself
SITE_PACKAGES = "/lib/python3.12/site-packages"

# What a kernel loads while it starts: what JupyterLite's kernel would ask for one after the other, and the course.
AT_START = ("micropip", "piplite", "ssl", "sqlite3", "ipykernel", "comm", "pyodide_kernel", "jedi", "ipython")
AT_START += ("deepseek-course",)

OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/notebook-extension:tracker": {
        "codeCellConfig": {"lineWrap": True},  # sentences are typed there
        "windowingMode": "none",  # all of a lesson is in the page: nothing jumps, and the browser's search finds it
    },
}


KERNEL = {
    "disablePyPIFallback": True,
    "loadPyodideOptions": {
        "packages": list(AT_START),
        "env": {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONSTARTUP": f"{SITE_PACKAGES}/deepseek_start.py"},
    },
}
# jupyter-lite.json, what the page is told; start.js adds what only the page knows.
PAGE = {
    "jupyter-lite-schema-version": 0,
    "jupyter-config-data": {
        "contentsStorageName": STORAGE,
        "settingsStorageName": STORAGE,
        "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": KERNEL},
    },
}


def build(lite_folder: str, extensions: list[str]) -> dict:
    """`jupyter_lite_config.json`: what to build, into which folder, with which extensions and none of the machine's."""
    return {
        "LiteBuildConfig": {
            "apps": ["lab", "notebooks", "tree"],
            "federated_extensions": extensions,
            "ignore_sys_prefix": ["federated_extensions"],
            "no_libarchive": True,
            "no_sourcemaps": True,
            "no_unused_shared_packages": True,
            "output_dir": lite_folder,
        },
    }
