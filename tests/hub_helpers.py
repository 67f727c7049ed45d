"""What the tests of the hub and its stopwatch share: a hub that runs, and learners who work on it as a browser does."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import nbformat
import psutil
import requests
import websocket
from nbformat.v4 import output_from_msg

from deepseek_class.source import ROOT

PYTHON = ROOT / ".venv-hub" / "bin" / "python"
LESSON = "02-numbers.ipynb"
LONG = 300  # s: on a machine that does other things too


def missing() -> str:
    """Why no hub can be started here; "" where it can."""
    if not (ROOT / ".venv-hub" / "complete.txt").exists():
        return "no hub was started: 'python run.py hub --version' makes its environment"
    if not (shutil.which("configurable-http-proxy") and shutil.which("node")):
        return "no hub was started: node or configurable-http-proxy is missing"
    return ""


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_for(found, seconds: float = LONG, every: float = 0.2):
    """What `found` gives, once it is true."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end, f"waited {seconds} s in vain"
        time.sleep(every)
    return value


class Hub:
    """`python run.py hub` in a folder, after run.py; `said` is what its terminal shows."""

    def __init__(self, folder: Path, *arguments: str, language: str = "ko"):
        self.folder = folder
        self.learners = folder / "hub" / "learners"
        port, api, own = free_ports(3)
        self.address = f"http://127.0.0.1:{port}"
        self.log = folder / "said.txt"
        ports = [f"--ConfigurableHTTPProxy.api_url=http://127.0.0.1:{api}", f"--JupyterHub.hub_port={own}"]
        command = [PYTHON, "-m", "deepseek_hub", str(port), *ports, "--Spawner.args=--allow-root", *arguments]
        fonts = PYTHON.parents[1] / "share" / "matplotlib"
        env = os.environ | {"COURSE_LANGUAGE": language, "MPLCONFIGDIR": str(fonts)}
        with self.log.open("w") as log:
            self.process = psutil.Popen(command, cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT)
        wait_for(self._is_there)
        self.password = self.said.partition("암호는 " if language == "ko" else "Password: ")[2].split()[0]

    @property
    def said(self) -> str:
        return self.log.read_text()

    def _is_there(self) -> bool:
        assert self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE, self.said
        try:
            return requests.get(f"{self.address}/hub/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    def child(self, word: str) -> psutil.Process:
        """The program that the hub started and whose command has a word in it."""
        return next(each for each in self.process.children() if any(word in part for part in each.cmdline()))

    def server(self, name: str) -> psutil.Process:
        """A learner's server."""
        return next(each for each in self.process.children() if each.environ().get("JUPYTERHUB_USER") == name)

    def end(self):
        children = self.process.children(recursive=True)
        self.process.terminate()
        psutil.wait_procs([self.process], 20)
        with suppress(OSError, psutil.NoSuchProcess):  # JupyterHub 6.1.1 leaves a proxy that it started anew
            children.append(psutil.Process(int((self.learners.parent / "jupyterhub-proxy.pid").read_text())))
        for each in psutil.wait_procs(children, 2)[1]:
            each.kill()


@contextmanager
def running(folder: Path, *arguments: str, language: str = "ko") -> Iterator[Hub]:
    hub = Hub(folder, *arguments, language=language)
    try:
        yield hub
    finally:
        hub.end()


class Learner:
    """Logs in at the form, then works with the server's own interfaces, as JupyterLab in a browser does."""

    def __init__(self, hub: Hub, name: str):
        self.hub, self.name = hub, name
        self.home = hub.learners / name
        self.session = requests.Session()
        self.kernel = ""

    def log_in(self):
        """Until the learner's server can be used."""
        self.give_password(self.hub.password).raise_for_status()  # leads on to the start of the server
        tokens = f"{self.hub.address}/hub/api/users/{self.name}/tokens"
        made = self.session.post(tokens, headers={"X-XSRFToken": self._xsrf()})
        made.raise_for_status()
        self.token = {"Authorization": f"token {made.json()['token']}"}
        wait_for(self.is_up)

    def give_password(self, password: str) -> requests.Response:
        address = f"{self.hub.address}/hub/login"
        self.session.get(address).raise_for_status()
        return self.session.post(address, data={"_xsrf": self._xsrf(), "username": self.name, "password": password})

    def _xsrf(self) -> str:
        return next(each.value for each in self.session.cookies if each.name == "_xsrf" and each.path == "/hub/")

    def server_of_hub(self) -> dict:
        answer = requests.get(f"{self.hub.address}/hub/api/users/{self.name}", headers=self.token, timeout=LONG)
        return answer.json()["servers"].get("", {})

    def is_up(self) -> bool:
        return self.server_of_hub().get("ready", False)

    def is_reached(self) -> bool:
        try:
            return bool(self.ask("GET", "api/status"))
        except requests.RequestException:
            return False

    def start_again(self):
        """As the hub's page does when its button is pressed."""
        requests.post(f"{self.hub.address}/hub/api/users/{self.name}/server", headers=self.token).raise_for_status()
        wait_for(self.is_up)

    def ask(self, method: str, path: str, **more) -> requests.Response:
        answer = requests.request(
            method, f"{self.hub.address}/user/{self.name}/{path}", headers=self.token, timeout=LONG, **more
        )
        answer.raise_for_status()
        return answer

    def open(self, path: str = LESSON) -> nbformat.NotebookNode:
        """Reads a notebook and gives it a kernel."""
        model = self.ask("GET", f"api/contents/{path}").json()
        session = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        self.kernel = self.ask("POST", "api/sessions", json=session).json()["kernel"]["id"]
        return nbformat.from_dict(model["content"])

    def save(self, notebook: nbformat.NotebookNode, path: str = LESSON):
        self.ask("PUT", f"api/contents/{path}", json={"type": "notebook", "format": "json", "content": notebook})

    def run_all(self, notebook: nbformat.NotebookNode):
        """Runs the code cells and puts what they gave into the notebook."""
        with self.channel() as channel:
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    cell.outputs = list(execute(channel, cell.source))

    @contextmanager
    def channel(self) -> Iterator[websocket.WebSocket]:
        """The connection to the kernel."""
        address = self.hub.address.replace("http", "ws", 1)
        channel = websocket.create_connection(
            f"{address}/user/{self.name}/api/kernels/{self.kernel}/channels",
            header=[f"Authorization: {self.token['Authorization']}"],
            timeout=LONG,
        )
        try:
            yield channel
        finally:
            channel.close()


def execute(channel: websocket.WebSocket, code: str) -> Iterator[nbformat.NotebookNode]:
    """The outputs of some code, until the kernel is idle again."""
    header = {"msg_id": uuid4().hex, "msg_type": "execute_request", "session": "", "username": "", "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False, "stop_on_error": False}
    empty = {"parent_header": {}, "metadata": {}, "buffers": []}
    channel.send(json.dumps({"header": header, "content": content, "channel": "shell"} | empty))
    while True:
        message = json.loads(channel.recv())
        if message["parent_header"].get("msg_id") != header["msg_id"] or message["channel"] != "iopub":
            continue
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return
        if message["msg_type"] in ("execute_result", "display_data", "stream", "error"):
            yield output_from_msg(message)


def errors(notebook: nbformat.NotebookNode) -> list[str]:
    return [out.evalue for cell in notebook.cells for out in cell.get("outputs", []) if out.output_type == "error"]
