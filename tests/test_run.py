"""run.py says in one plain sentence what is wrong, and sets up again what was not finished."""

import ast
import builtins
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture
def run(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    import run

    return run


def test_an_old_python_is_told_so(run, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 2))
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed"):
        run.main("lab")


def test_an_old_python_can_read_as_far_as_that():
    tree = ast.parse((ROOT / "run.py").read_text(encoding="utf-8"), feature_version=(3, 4))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.NamedExpr | ast.Match)]


def test_a_missing_venv_module_is_told_so(run, monkeypatch, tmp_path):
    real = builtins.__import__

    def without_ensurepip(name, *rest):
        if name == "ensurepip":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_ensurepip)
    with pytest.raises(SystemExit, match="lacks the venv module"):
        run.environment(str(tmp_path / "venv"), [])


def test_no_command_shows_the_usage_and_fails():
    done = subprocess.run([sys.executable, ROOT / "run.py"], capture_output=True, text=True)
    assert done.returncode != 0 and "run.py lab" in done.stderr


def test_without_a_network_it_says_so_and_starts_over_next_time(tmp_path):
    shutil.copy(ROOT / "run.py", tmp_path)
    (tmp_path / "requirements.txt").write_text("no-such-package-of-this-course==1\n")
    environment = {**os.environ, "LC_ALL": "en_US.UTF-8", "PIP_NO_INDEX": "1"}
    done = subprocess.run(
        [sys.executable, "run.py", "lab"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode != 0 and "check the network" in done.stderr
    assert "no-such-package-of-this-course" in done.stderr  # pip's own words are let through
    assert "Making the environment" in done.stdout
    assert not (tmp_path / ".venv" / "complete.txt").exists()


def test_an_environment_is_made_anew_when_a_requirements_file_changes(run, monkeypatch, tmp_path):
    monkeypatch.setattr(run, "HERE", str(tmp_path))
    (tmp_path / "requirements.txt").write_text("a==1\n")
    before = run.fingerprint(["requirements.txt"])
    assert before == run.fingerprint(["requirements.txt"])
    (tmp_path / "requirements.txt").write_text("a==2\n")
    assert before != run.fingerprint(["requirements.txt"])


@pytest.mark.parametrize(
    ("name", "language"), [("ko_KR.UTF-8", "ko"), ("en_GB.UTF-8", "en"), ("de_DE", "en"), ("C", "en")]
)
def test_the_lessons_open_in_the_language_of_the_system(run, monkeypatch, name, language):
    monkeypatch.setenv("LC_ALL", name)
    assert run.language() == language
    assert run.first_lesson().startswith(os.path.join("notebooks", language))


def test_charts_need_no_folder_outside_the_course(run, monkeypatch):
    monkeypatch.setenv("MPLCONFIGDIR", "nowhere")
    monkeypatch.setattr(run, "environment", lambda *_: sys.executable)
    monkeypatch.setattr(run, "settle_lab", lambda _: None)
    monkeypatch.setattr(run, "run", lambda _: None)
    run.main("lab")
    assert os.path.dirname(os.environ["MPLCONFIGDIR"]) == str(ROOT / ".venv" / "share")


def test_a_class_works_in_a_folder_of_its_own_in_the_language_of_the_system(run, monkeypatch, tmp_path):
    handed_over = []
    monkeypatch.setenv("COURSE_LANGUAGE", "ko")  # is put back after the test
    monkeypatch.setattr(run, "HERE", str(tmp_path))
    monkeypatch.setattr(run, "environment", lambda *_: sys.executable)
    monkeypatch.setattr(run, "run", lambda *given: handed_over.append(given))
    run.main("class", "zip_collect", "02-ko")
    command, folder = handed_over[0]
    assert command[-2:] == ["zip_collect", "02-ko"]
    assert folder == str(tmp_path / "class") and os.path.isdir(folder)
    assert os.environ["COURSE_LANGUAGE"] == "en"
