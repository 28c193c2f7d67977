"""Rules the tree keeps: what may import what, and how large a thing may grow."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from tasks.inventory import overruling

ROOT = Path(__file__).resolve().parents[2]
PLAN = sorted((ROOT / "tasks/plan").rglob("*.py"))
EDGE = {ROOT / f"tasks/inventory/{name}.py" for name in ("__init__", "file", "forms", "ansible")}
INVENTORY = sorted({*(ROOT / "tasks/inventory").rglob("*.py")} - EDGE)
ITS_DATA = {ROOT / "tasks/inventory/flags/__init__.py": {"importlib"}}
"""Who may read data files of the package itself, and with what: they are code in another form."""

CODE = sorted(
    file
    for room in ("tasks", "pages", "picture", "verify", "lab", "bench")
    for file in (ROOT / room).rglob("*.py")
    if "run" not in file.parts
)
PICTURE = sorted((ROOT / "picture").rglob("*.py"))
TEXTS = ROOT / "pages/texts.py"
"""How wide texts are: all that what is pure knows of pages."""

PURE = {
    "ast",
    "base64",
    "calendar",  # counts days, and knows no clock
    "collections",
    "dataclasses",
    "difflib",
    "enum",
    "functools",
    "hashlib",
    "ipaddress",
    "itertools",
    "json",
    "re",
    "shlex",
    "string",
    "struct",
    "typing",
    "warnings",
    "zlib",
}
PATCHED = {
    ("tests/contract/test_standin_outage.py", "os"),
    ("tests/lab/conftest.py", "Channel"),
    ("tests/lab/conftest.py", "SSHClient"),
    ("tests/unit/fake_marathon.py", "'requests.Session.request'"),
}
"""The only tests that patch something, and what: objects of libraries that have no other way in.

`os` is how a stand-in ends itself, and would end the tests.
"""

LONGEST_FUNCTION = 40
LONGEST_FILE = 300


@cache
def tree(file: Path) -> ast.Module:
    """Give a file's syntax tree."""
    return ast.parse(file.read_text())


BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


@cache
def statements(file: Path) -> list[ast.stmt]:
    """Give all statements of a file, inner ones, too; expressions are most of a tree and not looked at."""
    found: list[ast.stmt] = []
    waiting: list[ast.AST] = [tree(file)]
    while waiting:
        blocks = (getattr(waiting[-1], name, []) for name in BLOCKS)
        waiting[-1:] = inner = [node for block in blocks if isinstance(block, list) for node in block]
        found += [node for node in inner if isinstance(node, ast.stmt)]
    return found


def imports(file: Path) -> Iterator[tuple[int, str]]:
    """Give every import of a file: level of the relative import, the first name of the module's."""
    for node in statements(file):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, (node.module or "").partition(".")[0]


def modules(file: Path) -> Iterator[str]:
    """Give the full name of everything that a file imports from outside of its own package."""
    for node in statements(file):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_what_decides_imports_nothing_that_touches_a_network_a_clock_or_a_disk() -> None:
    for file in [*PLAN, *INVENTORY, TEXTS]:
        known = PURE | ITS_DATA.get(file, set()) | {"pages", "picture"}
        foreign = {name for level, name in imports(file) if level == 0} - known
        opened = [
            ast.unparse(node) for node in ast.walk(tree(file)) if _calls(node, {"open", "print", "input"})
        ]
        assert not foreign and not opened, file


def test_what_decides_knows_of_pages_how_wide_texts_are_and_of_the_picture_what_it_is_of() -> None:
    for file in [*PLAN, *INVENTORY, *PICTURE, TEXTS]:
        shared = [name for name in modules(file) if name.split(".")[0] in ("pages", "picture")]
        assert all(name.startswith(("pages.texts.", "picture.topology.")) for name in shared), file


def test_the_picture_is_pure_and_knows_nobody_who_draws_it() -> None:
    for file in PICTURE:
        package = {"pathlib"} if file.name == "__init__.py" else set()  # where its templates are
        foreign = {name for level, name in imports(file) if level != 1} - PURE - {"pages"}
        assert foreign <= package, file


def test_the_plan_knows_the_inventory_and_the_inventory_knows_neither_plan_nor_disk() -> None:
    edge = {"file", "forms", "ansible", "errors"}
    pure = {file.relative_to(ROOT / "tasks/inventory").parts[0].removesuffix(".py") for file in INVENTORY}
    for file in PLAN:
        above = len(file.relative_to(ROOT / "tasks/plan").parts) + 1
        outside = [name for level, name in imports(file) if level >= above]
        assert set(outside) <= {"inventory"} and _of_inventory(file) <= pure - edge, file
    for file in INVENTORY:
        depth = len(file.relative_to(ROOT / "tasks/inventory").parts)
        assert not [name for level, name in imports(file) if level > depth or name in edge], file


def _of_inventory(file: Path) -> set[str]:
    """Give what a file imports of the inventory: its modules, or what the package itself offers."""
    found = [node for node in statements(file) if isinstance(node, ast.ImportFrom)]
    names = {f"{node.module}.{alias.name}" for node in found for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("inventory.")}


def _calls(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def test_suite_lab_and_bench_import_of_the_tasks_only_the_inventory() -> None:
    around = [file for file in CODE if file.relative_to(ROOT).parts[0] != "tasks"]
    for file in [ROOT / "conftest.py", *around]:
        of_tasks = {name for name in modules(file) if name.split(".")[0] == "tasks"}
        assert not [name for name in of_tasks if name.split(".")[1:2] != ["inventory"]], file


def test_the_product_knows_nothing_of_its_lab() -> None:
    for file in (ROOT / "tasks").rglob("*.py"):
        assert "lab" not in {name for _, name in imports(file)}, file


def test_no_two_files_of_tests_have_one_name() -> None:
    # pytest imports them by their bare names, so that of two one is an error when both rooms are run.
    names = [file.name for file in (ROOT / "tests").rglob("*.py") if file.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))


def calls(file: Path) -> Iterator[tuple[str, ast.Call]]:
    """Give all calls of a file with what is called."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_tests_pass_effects_in_and_patch_no_module() -> None:
    ways = ("patch.setattr", "patch.delattr", "patch.setitem", "patch.delitem")
    found = {
        (str(file.relative_to(ROOT)), ast.unparse(call.args[0]))
        for file in (ROOT / "tests").rglob("*.py")
        for name, call in calls(file)
        if name.endswith(ways)
    }
    assert found == PATCHED
    assert not [f for f in (ROOT / "tests").rglob("*.py") if any("unittest.mock" in n for n in modules(f))]


def test_the_suite_sends_every_request_past_all_proxies() -> None:
    ways = {f"requests.{name}" for name in ("request", "get", "post", "put", "delete")}
    for file in (ROOT / "verify").rglob("*.py"):
        assert not ways & {name for name, _ in calls(file)}, file


def test_of_what_stands_in_the_way_of_a_plan_only_the_judgement_of_a_version_can_be_overruled() -> None:
    blockers = [call for file in PLAN for name, call in calls(file) if name == "Blocker"]
    named = {word.value for call in blockers for word in ast.walk(call) if isinstance(word, ast.Constant)}
    assert "quorum" in named
    # An operator may know better what a build of ZooKeeper can read.
    assert named & set(overruling.MAY_BE) == {"zookeeper-version"}


def test_files_and_functions_fit_in_a_head() -> None:
    for file in CODE:
        assert len(file.read_text().splitlines()) <= LONGEST_FILE, file
        for node in statements(file):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{node.name} in {file}"


def test_nine_of_ten_functions_of_the_product_fit_on_fifteen_lines() -> None:
    product = [file for file in CODE if "tasks" in file.relative_to(ROOT).parts]
    functions = [
        node for file in product for node in ast.walk(tree(file)) if isinstance(node, ast.FunctionDef)
    ]
    lines = sorted(_lines(node) for node in functions)
    assert lines[len(lines) * 9 // 10] <= 15


def _lines(function: ast.FunctionDef) -> int:
    """Count the lines of a function without those of its docstring."""
    first, total = function.body[0], (function.end_lineno or 0) - function.lineno + 1
    told = (first.end_lineno or 0) - first.lineno + 1 if ast.get_docstring(function) else 0
    return total - told


def test_the_plan_has_few_rooms_on_few_floors_and_no_circle() -> None:
    below: dict[str, set[str]] = {}
    for file in PLAN:
        room, *inner = file.relative_to(ROOT / "tasks/plan").with_suffix("").parts
        below.setdefault(room, set())
        for node in statements(file):
            if isinstance(node, ast.ImportFrom) and node.level == 1 + len(inner):
                names = [node.module.partition(".")[0]] if node.module else [a.name for a in node.names]
                below[room].update(set(names) - {room})
    del below["__init__"]
    assert len(below) <= 24

    def floor(room: str, above: tuple[str, ...] = ()) -> int:
        assert room not in above, above
        return 1 + max((floor(each, (*above, room)) for each in below.get(room, ())), default=0)

    assert max(map(floor, below)) <= 10


def test_no_files_import_each_other_in_a_circle_not_even_late() -> None:
    TopologicalSorter({file: _imported(file) for file in CODE}).prepare()


def _imported(file: Path) -> set[Path]:
    """Give the files beside a file, or above it, that it imports by a relative name."""
    found = set[Path]()
    for node in statements(file):
        if isinstance(node, ast.ImportFrom) and node.level:
            place = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            found |= {place.with_suffix(".py"), *(place / f"{alias.name}.py" for alias in node.names)}
    return {path for path in found if path in CODE}


def test_everything_public_has_a_docstring() -> None:
    for file in CODE:
        assert ast.get_docstring(tree(file)), file
        public = [
            node
            for node in _top_level(tree(file))
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            and not node.name.startswith(("_", "test_", "pytest_"))
        ]
        assert not [node.name for node in public if not ast.get_docstring(node)], file


def _top_level(module: ast.Module) -> list[ast.AST]:
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    return [*module.body, *(member for one in classes for member in one.body)]
