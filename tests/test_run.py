"""run.py says in one plain sentence what is wrong, and sets up again what was not finished."""

import ast
import builtins
import errno
import os
import pathlib
import shutil
import subprocess
import sys
import venv

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
# Starts run.py in the folder given, without any packages: the environment takes a second to make and holds nothing.
STARTER = """
import os, sys, time
import run

def make(folder, requirements):
    os.makedirs(folder)
    with open(os.path.join(run.HERE, "made"), "a") as file:
        file.write("x")
    time.sleep(1)

run.HERE, run.make, wait = sys.argv[1], make, float(sys.argv[2])
run.sys.version += sys.argv[3]
print("python", run.environment(".venv", []), flush=True)
time.sleep(wait)
"""


@pytest.fixture
def run(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    import run

    for name in [*run.OWN_PLACES, "COURSE_LANGUAGE", "MPLCONFIGDIR", "JUPYTER_PATH", "PYTHONPATH"]:
        monkeypatch.setenv(name, "elsewhere")  # is put back after the test
    monkeypatch.setenv("PYTHONIOENCODING", "cp949")
    return run


@pytest.fixture
def handed_over(run, monkeypatch):
    """What main hands over to: the command, and the folder where there is one."""
    given = []
    monkeypatch.setattr(run, "environment", lambda *_: sys.executable)
    monkeypatch.setattr(run, "settle_lab", lambda _: None)
    monkeypatch.setattr(run, "run", lambda *what: given.append(what))
    return given


def start(folder, wait=0, version=""):
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, folder, str(wait), version],
        env={**os.environ, "LC_ALL": "en_US.UTF-8", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


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


def install_nothing(folder, **settings):
    """`run.py lab` where nothing can be installed."""
    shutil.copy(ROOT / "run.py", folder)
    (folder / "requirements.txt").write_text("no-such-package-of-this-course==1\n")
    environment = {**os.environ, "LC_ALL": "en_US.UTF-8", **settings}
    return subprocess.run(
        [sys.executable, "run.py", "lab"], cwd=folder, env=environment, capture_output=True, text=True
    )


def test_without_a_network_it_says_so_and_starts_over_next_time(tmp_path):
    done = install_nothing(tmp_path, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="1", PIP_NO_INDEX="")
    assert done.returncode != 0 and "check the network" in done.stderr
    assert "no-such-package-of-this-course" in done.stderr  # pip's own words are let through
    assert "Making the environment" in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_a_package_that_is_not_there_is_no_fault_of_the_network_and_no_output_ends_it(tmp_path):
    done = install_nothing(tmp_path, PIP_NO_INDEX="1", LC_ALL="ko_KR.UTF-8", PYTHONIOENCODING="ascii")
    assert done.returncode != 0 and "Traceback" not in done.stderr
    told = done.stderr.encode().decode("unicode_escape")
    assert "맞는 패키지를 찾지 못했습니다" in told and "인터넷" not in told
    assert "\\uac00" in done.stdout  # 가, in a console that has no Korean


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError'", "check the network"),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/x'", "not be written"),
        ("ERROR: Failed building wheel for rpds-py\nFailed to build rpds-py", "No package was found that fits"),
        ("ModuleNotFoundError: No module named 'pandas'", "Mend what it says"),
    ],
)
def test_a_failed_installation_tells_what_to_do(run, capfd, said, told):
    program = f"import sys; print({said!r}, file=sys.stderr); sys.exit(1)"
    with pytest.raises(SystemExit, match=told):
        run.attempt([sys.executable, "-c", program])
    assert said in capfd.readouterr().err


@pytest.mark.parametrize("name", ["PIP_USER", "PIP_TARGET", "PIP_PREFIX"])
def test_settings_that_send_packages_elsewhere_are_left_out(run, monkeypatch, name):
    monkeypatch.setenv(name, "1")
    monkeypatch.setenv("PIP_INDEX_URL", "a school's own")
    run.attempt(
        [sys.executable, "-c", f"import os; assert {name!r} not in os.environ and 'PIP_INDEX_URL' in os.environ"]
    )


def test_the_data_module_and_the_tools_are_links_without_the_folders_name(run, monkeypatch, tmp_path):
    commands = []
    monkeypatch.setattr(run, "HERE", str(tmp_path / "한글"))
    monkeypatch.setattr(run, "packages", lambda _: ["a==1"])
    monkeypatch.setattr(run, "attempt", commands.append)
    monkeypatch.setattr(venv, "create", lambda *_, **__: None)
    run.make(str(tmp_path / "한글" / ".venv"), ["requirements.txt"])
    (link,) = tmp_path.rglob("deepseek_course.pth")
    assert "한" not in link.read_text(encoding="utf-8")
    places = [(link.parent / line).resolve() for line in link.read_text(encoding="utf-8").splitlines()]
    assert places == [tmp_path / "한글" / "data", tmp_path / "한글" / "notebooks" / "teacher"]
    assert commands[0][-2:] == ["--no-user", "a==1"]


def test_the_requirements_hold_no_path_but_this_folder(run):
    lines = (ROOT / "requirements.txt").read_text(encoding="ascii").splitlines()
    assert "." in lines and not [line for line in lines if line.startswith("-") or "/" in line]
    assert len(run.packages(["requirements.txt"])) == len(lines) - 1


@pytest.mark.parametrize(
    ("name", "verb", "signs"),
    [
        ("x {a}", "lab", "{ }"),
        ("x {a}", "class", "{ }"),
        ("[2학기] 100%", "class", "[ ] %"),
        (f"a{os.pathsep}b", "test", os.pathsep),
    ],
)
def test_a_folder_whose_name_a_tool_cannot_bear_is_told_before_anything_is_made(tmp_path, name, verb, signs):
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(ROOT / "run.py", folder)
    done = subprocess.run(
        [sys.executable, folder / "run.py", verb],
        env={**os.environ, "LC_ALL": "en_US.UTF-8"},
        capture_output=True,
        text=True,
    )
    assert done.returncode and f"has {signs} in it" in done.stderr and len(done.stderr.splitlines()) == 2
    assert [path.name for path in folder.iterdir()] == ["run.py"]


def test_lessons_run_in_any_other_folder(run, monkeypatch, tmp_path):
    folder = tmp_path / "[2학기] 내 수업 (사본) #1 100%"
    folder.mkdir()
    monkeypatch.setattr(run, "HERE", str(folder))
    run.check_place("lab")


@pytest.mark.parametrize(("code", "told"), [(errno.EACCES, "Copy the course's folder"), (errno.ENOSPC, "disk is full")])
def test_a_folder_that_cannot_be_written_is_told(run, monkeypatch, code, told):
    def refuse(**_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(run.tempfile, "TemporaryFile", refuse)
    for verb in ("lab", "test", "build", "class"):
        with pytest.raises(SystemExit, match=told):
            run.main(verb)


def test_a_setting_that_cannot_be_written_is_told(run, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit, match=r"This cannot be written: .*file"):
        run.write("text", str(tmp_path / "file" / "settings.json"))


def test_of_two_starts_at_once_one_installs_and_the_other_waits(tmp_path):
    both = [start(tmp_path), start(tmp_path)]
    told = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert (tmp_path / "made").read_text() == "x"
    assert sorted("waiting" in each for each in told) == [False, True]


@pytest.mark.skipif(os.name == "nt", reason="Windows itself refuses to rename what is in use")
def test_another_python_takes_no_environment_from_under_a_running_lab(tmp_path):
    lab = start(tmp_path, wait=120)
    assert lab.stdout.readline().startswith("python")
    same, other = start(tmp_path), start(tmp_path, version="another")
    assert same.communicate(timeout=60)[1] == "" and same.returncode == 0
    assert "is in use in another window" in other.communicate(timeout=60)[1] and other.returncode
    assert (tmp_path / ".venv" / "complete.txt").exists()
    lab.kill()
    lab.communicate()
    assert start(tmp_path, version="another").communicate(timeout=60)[1] == ""
    assert (tmp_path / "made").read_text() == "xx" and not (tmp_path / ".venv.old").exists()


def test_what_was_there_before_is_put_back_where_the_new_cannot_be_made(run, monkeypatch, tmp_path):
    monkeypatch.setattr(run, "HERE", str(tmp_path))
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "complete.txt").write_text("of before")

    def fail(folder, requirements):
        os.makedirs(folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "make", fail)
    with pytest.raises(KeyboardInterrupt):
        run.environment(".venv", [])
    assert (tmp_path / ".venv" / "complete.txt").read_text() == "of before"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".venv", ".venv.lock"]


@pytest.mark.skipif(os.name == "nt", reason="to make a link takes rights on Windows that few have")
def test_a_link_to_this_place_is_this_place(run, monkeypatch, tmp_path):
    before = run.fingerprint([])
    (tmp_path / "link").symlink_to(ROOT)
    monkeypatch.setattr(run, "HERE", str(tmp_path / "link"))
    assert run.fingerprint([]) == before
    monkeypatch.setattr(run, "HERE", str(tmp_path))
    assert run.fingerprint([]) != before


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


@pytest.mark.parametrize(
    ("verb", "name"), [("lab", ".venv"), ("class", ".venv-dev"), ("test", ".venv-dev"), ("build", ".venv-dev")]
)
def test_neither_the_users_settings_nor_a_home_that_cannot_be_written_matter(run, monkeypatch, handed_over, verb, name):
    monkeypatch.setattr(os, "makedirs", lambda *_, **__: None)  # class/
    run.main(verb)
    for variable in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        assert os.path.dirname(os.environ[variable]) == str(ROOT / ".jupyter" / verb)
    assert handed_over
    assert os.environ["MPLCONFIGDIR"] == str(ROOT / name / "share" / "matplotlib")
    assert "JUPYTER_PATH" not in os.environ and "PYTHONPATH" not in os.environ
    assert os.environ["PYTHONIOENCODING"] == "cp949:backslashreplace"


def test_a_class_works_in_a_folder_of_its_own_in_the_language_of_the_system(run, monkeypatch, handed_over, tmp_path):
    monkeypatch.setattr(run, "HERE", str(tmp_path))
    run.main("class", "zip_collect", "02-ko")
    command, folder = handed_over[0]
    assert command[-2:] == ["zip_collect", "02-ko"]
    assert folder == str(tmp_path / "class") and os.path.isdir(folder)
    assert os.environ["COURSE_LANGUAGE"] == "en"


@pytest.mark.parametrize("rest", [["--quick", "-k", "tables"], ["-k", "tables", "--quick"]])
def test_quick_leaves_out_what_goes_the_whole_way(run, handed_over, rest):
    run.main("test", *rest)
    ((command,),) = handed_over
    assert command[-4:] == ["-k", "tables", "-m", "not whole_way"]


@pytest.mark.whole_way
def test_cells_are_tried_in_any_folder_and_by_any_number_of_workers():
    cells = [f"ko/05-brief.ipynb::Cell {number}" for number in range(4)]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", *cells]
    done = subprocess.run(command, cwd=ROOT / "notebooks", capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "4 passed" in done.stdout, done.stdout + done.stderr
