"""A hub for trying, on this computer alone: `python run.py hub`. Schools' own hubs are in the teacher's guide."""

import os
import sys

c = get_config()  # noqa: F821

c.JupyterHub.bind_url = f"http://127.0.0.1:{os.environ['COURSE_PORT']}"
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["COURSE_PASSWORD"]
c.Authenticator.allow_all = True
c.Authenticator.username_pattern = r"\w[\w.@-]*"  # it becomes a folder's name

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = os.path.join(os.getcwd(), "learners", "{username}")
c.Spawner.cmd = [sys.executable, "-m", "deepseek_hub.start", os.environ["COURSE_LANGUAGE"]]
c.Spawner.default_url = "/lab/tree/index.ipynb"
c.Spawner.environment = {"MPLCONFIGDIR": os.environ["MPLCONFIGDIR"]}  # with the list of fonts
c.Spawner.start_timeout = c.Spawner.http_timeout = 180  # a whole class may come at once

# Little is said, so that what to do stays on the screen.
c.JupyterHub.log_level = "WARN"
c.ConfigurableHTTPProxy.log_level = "warn"
c.Spawner.args = ["--log-level=ERROR"]

c.JupyterHub.services = [
    {"name": "culler", "command": [sys.executable, "-m", "jupyterhub_idle_culler", "--timeout=3600"]}
]
c.JupyterHub.load_roles = [
    {
        "name": "culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["culler"],
    }
]
