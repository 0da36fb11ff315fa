"""The house: layers, sizes, names, and that everything that must be said somewhere is said there."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml

from infra.settings import Settings

ROOT = Path(__file__).parents[1]
PACKAGES = ("apps", "flows", "tasks", "models", "infra", "domain")
PRODUCT = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
ONE_PAGE = {"infra/ledger/schema.py"}  # the schema stands on one page, however long
WRITTEN_BY_A_TOOL = "infra/migrations/versions/"

LINES_OF_A_MODULE = 300
LINES_OF_A_FUNCTION = 45
BROAD_HANDLERS = 2
TARGETS = 10

BANNED_MODULES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}
BANNED_PREFIXES = ("get_", "do_", "process_", "handle_")
BROAD = {"Exception", "BaseException"}
ENVIRONMENT = {"environ", "environb", "getenv", "putenv", "unsetenv"}
MAY_SEE_THE_ENVIRONMENT = ("infra/settings.py", "infra/telemetry.py", "infra/stack/")

# Put together, so that this file does not hold what it looks for.
FORBIDDEN = tuple(
    "".join(parts)
    for parts in (
        ("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("chat", "gpt"), ("open", "ai"), ("anthro", "pic"),
        ("clau", "de"), ("copi", "lot"), ("language ", "model"),
    )
)  # fmt: skip
REGISTRIES = tuple(
    "".join(parts)
    for parts in (
        ("pypi", ".org"), ("pythonhosted", ".org"), ("npmjs", ".org"), ("npmjs", ".com"), ("docker", ".io"),
        ("ghcr", ".io"), ("quay", ".io"), ("proxy.golang", ".org"), ("huggingface", ".co"), ("crates", ".io"),
    )
)  # fmt: skip
MAY_NAME_REGISTRIES = {"uv.lock"}


def short(file):
    return file.relative_to(ROOT).as_posix()


@cache
def tree(file):
    return ast.parse(file.read_text())


def nodes(file, *kinds):
    return [node for node in ast.walk(tree(file)) if isinstance(node, kinds)]


def functions(file):
    return nodes(file, ast.FunctionDef, ast.AsyncFunctionDef)


def bounded(file):
    return short(file) not in ONE_PAGE and not short(file).startswith(WRITTEN_BY_A_TOOL)


@cache
def files():
    """List the files of the repository: what git keeps, and what it would keep of what is new."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git to tell which files are of the repository")
    names = {Path(name) for name in listed.stdout.decode().split("\0") if name}
    return sorted(name for name in names if (ROOT / name).is_file() and "_build" not in name.parts)


def flow_files():
    return [file for file in sorted((ROOT / "flows").glob("*.py")) if file.stem != "__init__"]


def flow_names():
    """Give each flow as module and name: the module's own, or of a module of several, each."""
    return [
        f"{file.stem}.{each.name}"
        for file in flow_files()
        for each in functions(file)
        if any(ast.unparse(decorator) == "flow" for decorator in each.decorator_list)
    ]


def test_every_module_of_flows_has_one():
    assert {name.partition(".")[0] for name in flow_names()} == {file.stem for file in flow_files()}


def test_the_product_is_found():
    assert len(PRODUCT) > 60
    assert {short(file).partition("/")[0] for file in PRODUCT} == set(PACKAGES)


@pytest.mark.parametrize("file", [file for file in PRODUCT if bounded(file)], ids=short)
def test_no_module_and_no_function_is_too_long(file):
    assert len(file.read_text().splitlines()) <= LINES_OF_A_MODULE
    long = {each.name: each.end_lineno - each.lineno + 1 for each in functions(file)}
    assert {name: lines for name, lines in long.items() if lines > LINES_OF_A_FUNCTION} == {}


def caught(handler):
    """Name what a handler catches; nothing at all is everything."""
    if handler.type is None:
        return {"BaseException"}
    parts = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {ast.unparse(part).rpartition(".")[2] for part in parts}


def suppressed(call):
    """Name what `contextlib.suppress` catches."""
    function = ast.unparse(call.func).rpartition(".")[2]
    return {ast.unparse(part) for part in call.args} if function == "suppress" else set()


def test_almost_nothing_catches_everything():
    handlers = [
        (short(file), each.lineno)
        for file in PRODUCT
        for each in nodes(file, ast.ExceptHandler)
        if caught(each) & BROAD
    ]
    quiet = [
        (short(file), each.lineno) for file in PRODUCT for each in nodes(file, ast.Call) if suppressed(each) & BROAD
    ]
    assert len(handlers + quiet) <= BROAD_HANDLERS, handlers + quiet


@pytest.mark.parametrize("file", PRODUCT, ids=short)
def test_names_say_what_things_are(file):
    assert BANNED_MODULES.isdisjoint({file.stem, *file.relative_to(ROOT).parent.parts})
    assert [each.name for each in functions(file) if each.name.lstrip("_").startswith(BANNED_PREFIXES)] == []


def test_a_package_file_is_a_docstring_alone():
    for file in [each for each in PRODUCT if each.name == "__init__.py"]:
        assert ast.get_docstring(tree(file)), file
        assert len(tree(file).body) == 1, file


def test_every_folder_of_the_product_is_a_package():
    for folder in {file.parent for file in PRODUCT}:
        if "migrations" not in folder.parts:
            assert (folder / "__init__.py").exists(), folder


def test_tests_are_no_package():
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_what_tests_share_shadows_nothing_that_is_imported():
    shared = {file.stem for file in (ROOT / "tests").glob("*.py")}
    assert shared & {*PACKAGES, "bench", *sys.stdlib_module_names} == set()


@pytest.mark.parametrize("file", PRODUCT, ids=short)
def test_the_environment_is_read_in_one_place(file):
    if short(file).startswith(MAY_SEE_THE_ENVIRONMENT):
        return
    attributes = {each.attr for each in nodes(file, ast.Attribute) if ast.unparse(each.value) == "os"}
    names = {alias.name for each in nodes(file, ast.ImportFrom) if each.module == "os" for alias in each.names}
    assert ENVIRONMENT.isdisjoint(attributes | names)


@pytest.mark.parametrize("flow", flow_names())
def test_a_flow_has_its_deployment_and_stands_in_the_docs(flow):
    plan = yaml.safe_load((ROOT / "infra" / "prefect.yaml").read_text())
    entrypoints = {each["name"]: each["entrypoint"] for each in plan["deployments"]}
    name = flow.partition(".")[2]
    assert entrypoints.get(name) == f"flows.{flow}"
    if not (ROOT / "docs" / "index.md").exists():
        pytest.skip("there are no docs yet")
    pages = [page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts]
    assert any(f"`{name}`" in page.read_text() for page in pages)


def test_every_deployment_has_its_flow():
    plan = yaml.safe_load((ROOT / "infra" / "prefect.yaml").read_text())
    assert sorted(each["name"] for each in plan["deployments"]) == sorted(
        name.partition(".")[2] for name in flow_names()
    )


def test_what_must_happen_by_itself_has_its_time():
    plan = yaml.safe_load((ROOT / "infra" / "prefect.yaml").read_text())
    timed = {each["name"] for each in plan["deployments"] if each.get("schedules")}
    assert timed == {"nightly", "sweep"}


@pytest.mark.parametrize("file", flow_files(), ids=short)
def test_a_flow_only_orders(file):
    assert nodes(file, ast.Try) == []
    assert all(len(each.body) <= 10 for each in functions(file))
    assert ast.get_docstring(tree(file))


def test_every_setting_is_described():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_imports_run_downward_only():
    linter = Path(sys.executable).parent / "lint-imports"
    told = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_no_file_tells_where_or_with_what_it_was_made():
    found = []
    for name in files():
        text = (ROOT / name).read_bytes().decode(errors="ignore").lower()
        words = FORBIDDEN if name.as_posix() in MAY_NAME_REGISTRIES else FORBIDDEN + REGISTRIES
        found += [(name.as_posix(), word) for word in words if word in text]
    assert found == []


def test_the_makefile_has_few_targets_and_tells_what_each_is_for():
    lines = (ROOT / "Makefile").read_text().splitlines()
    targets = {line.partition(":")[0]: line for line in lines if line[:1].isalpha() and ":" in line and "=" not in line}
    assert len(targets) <= TARGETS
    assert [name for name, line in targets.items() if "## " not in line] == []
