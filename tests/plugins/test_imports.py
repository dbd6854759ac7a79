"""Tests plugins from files, and side effects of loading any plugin: printing, slowness, missing packages, age."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqbench import ExperimentError, load_catalog
from seqbench.contracts.version import CONTRACT, Contract, Verdict, judge
from seqbench.jobs.plugin_sources import PluginFile, PluginSources
from seqbench.plugins.imports import said
from seqbench.plugins.load import load_sources
from seqbench.records.schema import Record

MODEL = '''
from dataclasses import dataclass
from seqbench import Model, hookimpl

@dataclass(frozen=True)
class MyModel(Model):
    """Elman network (Elman 1990)."""
    name = "mymodel"
    version = 1
    hidden_size: int = 8
    def build(self, input_size: int):
        from torch import nn
        return nn.RNN(input_size, self.hidden_size, batch_first=True)

@hookimpl
def seqbench_models():
    yield MyModel
'''


@pytest.fixture
def mymodel(tmp_path: Path) -> Path:
    path = tmp_path / "mymodel.py"
    path.write_text(MODEL)
    return path


def written(folder: Path, name: str, code: str) -> Path:
    (folder / name).write_text(code)
    return folder / name


def run_seqbench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "seqbench", *arguments],
        cwd=folder,
        env={**os.environ, "SEQBENCH_PLUGINS": "copy,recurrent,suites,executors"},
        capture_output=True,
        text=True,
        timeout=150,
    )


def test_file_is_loaded_beside_the_installed_plugins_and_is_its_origin(mymodel: Path) -> None:
    catalog = load_catalog("recurrent", files=[mymodel])
    assert {"lstm", "mymodel"} <= set(catalog.models)
    assert str(catalog.origins["model", "mymodel"]) == f"file {mymodel}"
    assert catalog.problems == catalog.remarks == ()


def test_bad_files_are_each_named_with_what_to_do_and_the_rest_goes_on(mymodel: Path) -> None:
    folder = mymodel.parent
    (folder / "mymodel_parts.py").write_text("")
    files = {
        "syntax.py": ("def (", "SyntaxError"),
        "needs.py": ("import no_such_package.inner", "pip install no_such_package"),
        "parts.py": ("import mymodel_parts", "a plugin's file is loaded by itself"),
        "version.py": ("import json.no_such_part", "json is installed, in a version that has no such part"),
        "above.py": ("from .mymodel_parts import x", "a plugin's file is loaded by itself"),
        "raises.py": ("def f(): int('x')\n\nf()", "base 10: 'x' (raises.py, line 1)"),
        "nothing.py": ("x = 1", "it implements no hook"),
        "newer.py": ("SEQBENCH_CONTRACT = 99", "it needs a newer seqbench"),
        "ancient.py": ("SEQBENCH_CONTRACT = 0", "no longer keeps"),
        "word.py": ("SEQBENCH_CONTRACT = '1'", "is to be an integer"),
        "notes.txt": ("", "the ending .py"),
    }
    paths = [written(folder, name, code) for name, (code, _) in files.items()]
    catalog = load_catalog("off", files=[*paths, mymodel, folder / "gone.py"])
    assert list(catalog.models) == ["mymodel"]
    told = [str(problem) for problem in catalog.problems]
    for line, (name, (_, words)) in zip(told, files.items(), strict=False):
        assert f"file {folder / name}: " in line
        assert words in line
    assert len(told) == len(files) + 1
    assert told[-1].endswith("it cannot be read: no such file or directory")


def test_name_of_a_file_that_is_installed_too_names_both(tmp_path: Path) -> None:
    path = written(tmp_path, "other.py", MODEL.replace('"mymodel"', '"lstm"'))
    catalog = load_catalog("recurrent", files=[path])
    with pytest.raises(ExperimentError, match=r"model of plugin 'recurrent'.* and model of file .*other.py"):
        catalog.model("lstm")


def test_file_that_was_changed_after_the_sweep_began_is_refused(mymodel: Path) -> None:
    catalog = load_sources(PluginSources("off", (PluginFile(mymodel, "0" * 64),)))
    assert "changed while the sweep ran" in str(catalog.problems[0])
    assert not catalog.models


def test_plugins_that_print_or_take_long_work_and_are_told_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loud = written(tmp_path, "loud.py", "import sys; print('hello'); sys.stdout.flush()" + MODEL)
    slow = written(tmp_path, "slow.py", "import time; time.sleep(2.1)" + MODEL.replace('"mymodel"', '"other"'))
    catalog = load_catalog("off", files=[loud, slow])
    assert set(catalog.models) == {"mymodel", "other"}
    assert capsys.readouterr() == ("", "hello\n")
    first, second = map(str, catalog.remarks)
    assert f"file {loud}: it prints when it is loaded" in first
    assert f"file {slow}: it took 2." in second


def test_older_contract_that_is_still_kept_is_a_remark_with_what_has_changed() -> None:
    contract = Contract(current=3, oldest=2, changes={1: "a", 2: "b", 3: "masks are bool"})
    older = judge(2, contract)
    assert older.fault is None
    assert "set SEQBENCH_CONTRACT = 3. What has changed: 3: masks are bool" in str(older.remark)
    assert "2: b; 3: masks are bool" in str(judge(1, contract).fault)
    assert judge(3, contract) == judge(None, contract)


def test_older_contract_to_which_the_newer_one_only_adds_is_no_remark() -> None:
    assert judge(2, Contract(current=3, oldest=1, changes={2: "b"})) == Verdict()
    assert judge(1) == judge(CONTRACT.current) == Verdict()


def test_missing_package_of_another_error_gives_no_advice() -> None:
    assert said(ImportError("cannot import name 'x'")) == "ImportError: cannot import name 'x'"


def test_json_on_stdout_is_whole_though_plugins_print_in_every_way(mymodel: Path) -> None:
    code = "import os; os.write(1, b'low'); os.system('echo shell'); print('high')"
    loud = written(mymodel.parent, "loud.py", code)
    ran = run_seqbench(mymodel.parent, "list", "--json", "--plugin", "mymodel.py", "--plugin", str(loud))
    assert ran.returncode == 0, ran.stderr
    assert "mymodel" in {item["name"] for item in json.loads(ran.stdout)["models"]}
    assert {"low", "shell", "high"} <= set(ran.stderr.replace("low", "low\n").split())
    assert f"file {loud}: it prints when it is loaded" in ran.stderr


@pytest.mark.parametrize("executor", ["processes", pytest.param("serial", marks=pytest.mark.slow)])
def test_cell_of_a_file_runs_in_any_process_and_its_record_says_where_it_comes_from(
    mymodel: Path, executor: str
) -> None:
    folder = mymodel.parent
    command = ["run", "smoke", "--plugin", "mymodel.py", "--models", "mymodel", "--tasks", "copy", "-q"]
    command += ["--set", "training.steps=3", "--output", "out", "--jobs", "1", "--executor", executor]
    ran = run_seqbench(folder, *command)
    assert ran.returncode == 0, ran.stderr
    (path,) = (folder / "out" / "records").glob("*.json")
    record = Record.from_json(path.read_text(), path.name)
    assert record.status == "ok"
    assert record.cell.model.file == "mymodel.py"
    assert record.cell.model.distribution.startswith("file mymodel.py sha256:")
    assert str(folder) not in path.read_text()
    if executor == "serial":
        return
    mymodel.write_text(MODEL + "# another state\n")
    moved = mymodel.rename(folder / "elsewhere.py")
    again = run_seqbench(folder, *(moved.name if word == "mymodel.py" else word for word in command))
    assert "1 of 1 cells were done already" in again.stderr
    assert "elsewhere.py has changed since 1 of these cells were run" in again.stderr


@pytest.mark.slow
def test_file_called_as_a_module_of_python_runs_in_its_own_folder(mymodel: Path) -> None:
    path = mymodel.rename(mymodel.with_name("copy.py"))
    # As the installed command does, Python looks for no modules in the current folder.
    command = [sys.executable, "-c", "import sys; del sys.path[0]; from seqbench.cli.main import main; main()"]
    command += ["run", "smoke", "--tasks", "copy", "--models", "mymodel", "--plugin", path.name]
    done = subprocess.run(
        [*command, "--set", "training.steps=2", "--jobs", "1"],
        cwd=mymodel.parent,
        env={**os.environ, "SEQBENCH_PLUGINS": "copy,recurrent,suites,executors"},
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_worker_loads_the_plugins_of_its_cell_only(mymodel: Path) -> None:
    other = written(mymodel.parent, "other.py", "raise RuntimeError")
    catalog = load_catalog("copy,recurrent", files=[mymodel, other])
    sources = catalog.sources_of("copy", "mymodel")
    assert sources.only == "copy"
    assert [file.path for file in sources.files] == [mymodel]
    assert catalog.sources_of("copy", "lstm") == PluginSources("copy,recurrent")
    assert load_sources(sources).problems == ()
