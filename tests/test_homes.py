"""A learner's home on a hub: how lessons come in, how work is handed in, and what a hub is told."""

import os
import re
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import jsonschema
import pytest
import yaml

from deepseek_class.source import ROOT
from deepseek_hub import __main__ as program
from deepseek_hub.collecting import collect
from deepseek_hub.start import place

HUB = ROOT / "notebooks" / "teacher" / "deepseek_hub"


@pytest.fixture
def lessons(tmp_path) -> Path:
    folder = tmp_path / "lessons"
    folder.mkdir()
    (folder / "02-numbers.ipynb").write_text("first edition")
    return folder


@pytest.fixture
def home(tmp_path) -> Path:
    folder = tmp_path / "learners" / "20260101"
    folder.mkdir(parents=True)
    return folder


def shown(home: Path) -> dict[str, str]:
    """What a learner sees in the list of files."""
    return {path.name: path.read_text() for path in home.iterdir() if not path.name.startswith(".")}


def test_a_correction_is_placed_beside_an_answer_once(lessons, home):
    place(lessons, home)
    assert shown(home) == {"02-numbers.ipynb": "first edition"}
    (home / "02-numbers.ipynb").write_text("an answer")
    (lessons / "02-numbers.ipynb").write_text("second edition")
    for _ in range(2):
        place(lessons, home)
        assert shown(home) == {"02-numbers.ipynb": "an answer", "02-numbers-2.ipynb": "second edition"}
    (home / "02-numbers-2.ipynb").write_text("another answer")
    place(lessons, home)
    assert shown(home) == {"02-numbers.ipynb": "an answer", "02-numbers-2.ipynb": "another answer"}


def test_a_correction_takes_the_place_of_what_nobody_worked_in(lessons, home):
    place(lessons, home)
    (lessons / "02-numbers.ipynb").write_text("second edition")
    place(lessons, home)
    assert shown(home) == {"02-numbers.ipynb": "second edition"}


def test_what_a_learner_brought_along_stays(lessons, home):
    (home / "02-numbers.ipynb").write_text("from home")
    place(lessons, home)
    assert shown(home) == {"02-numbers.ipynb": "from home", "02-numbers-2.ipynb": "first edition"}


def test_what_a_learner_deleted_comes_again(lessons, home):
    place(lessons, home)
    (home / "02-numbers.ipynb").unlink()
    place(lessons, home)
    assert shown(home) == {"02-numbers.ipynb": "first edition"}


def test_handing_in_takes_what_was_worked_in_with_its_time(lessons, home, tmp_path):
    idle = home.with_name("20260102")
    idle.mkdir()
    for folder in (home, idle):
        place(lessons, folder)
    (home / "02-numbers.ipynb").write_text("an answer")
    (home / "03-contrast.ipynb").write_text("another lesson")
    os.utime(home / "02-numbers.ipynb", (1_800_000_000, 1_800_000_000))
    assert collect("02", home.parent, tmp_path / "hub.zip") == {"20260101": 1}
    with zipfile.ZipFile(tmp_path / "hub.zip") as archive:
        assert archive.namelist() == ["20260101/02-numbers.ipynb"]
        assert archive.read("20260101/02-numbers.ipynb") == b"an answer"
        assert archive.infolist()[0].date_time[:2] == (2027, 1)


def test_handing_in_opens_no_link_and_no_special_file(home, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("not the learner's")
    (home / "02-numbers.ipynb").symlink_to(secret)
    (home / "02-numbers-2.ipynb").hardlink_to(secret)
    os.mkfifo(home / "02-numbers-3.ipynb")
    (home / "02-numbers-4.ipynb").mkdir()
    assert collect("02", home.parent, tmp_path / "hub.zip") == {}
    assert not (tmp_path / "hub.zip").exists()


def test_a_file_of_before_zips_were_thought_of_stops_nobody(home, tmp_path):
    (home / "02-numbers.ipynb").write_text("an answer")
    os.utime(home / "02-numbers.ipynb", (0, 0))
    assert collect("02", home.parent, tmp_path / "hub.zip") == {"20260101": 1}


def test_handing_in_says_the_next_step_or_that_there_is_nothing(home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    with pytest.raises(SystemExit, match="Nobody in learners has worked in a notebook of 02-ko"):
        program.main("collect", "02-ko", "learners")
    (home / "02-numbers.ipynb").write_text("an answer")
    program.main("collect", "02-ko", "learners")
    assert "1 notebooks of 1 learners" in (said := capsys.readouterr().out) and "class zip_collect 02-ko" in said
    assert Path("class/downloaded/02-ko/archive/hub.zip").is_file()


def start(folder: Path, *arguments: str, **env: str) -> str:
    """What is said where no hub starts."""
    command = [sys.executable, "-m", "deepseek_hub", *arguments]
    done = subprocess.run(command, cwd=folder, env=os.environ | env, capture_output=True, text=True)
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert list(folder.iterdir()) == []
    return done.stderr


@pytest.mark.parametrize(("language", "said"), [("en", "install Node.js"), ("ko", "Node.js 22 이상")])
def test_without_the_proxy_one_sentence_says_what_to_do(tmp_path, language, said):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    assert said in start(tmp_path, port, COURSE_LANGUAGE=language, PATH=str(tmp_path))


def test_a_port_that_is_taken_is_told(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"uses the port {port}" in start(tmp_path, port, COURSE_LANGUAGE="en")


def partial(schema):
    """A schema of all values as one of those that are set: the chart has the others."""
    if isinstance(schema, dict):
        return {key: partial(value) for key, value in schema.items() if key != "required" or isinstance(value, dict)}
    return [partial(each) for each in schema] if isinstance(schema, list) else schema


def test_the_values_for_kubernetes_fit_the_charts_schema():
    path = os.environ.get("Z2JH_SCHEMA")
    if not path:
        pytest.skip("Z2JH_SCHEMA does not name Zero to JupyterHub's jupyterhub/values.schema.yaml")
    schema = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    values = yaml.safe_load((HUB / "values.yaml").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(partial(schema)).validate(values)


def test_the_image_is_made_of_what_there_is():
    text = (HUB / "Dockerfile").read_text(encoding="utf-8")
    sources = [name for line in re.findall("^COPY (.*)", text, re.MULTILINE) for name in line.split()[:-1]]
    assert "requirements.txt" in sources and all((ROOT / name).exists() for name in sources)
