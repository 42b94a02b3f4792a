"""Imports user modules under private names from the bytes that were read, so that no stale module is used.

The package root is the topmost ancestor with an ``__init__.py``; without one, the desired state's folder stands for it.
Absolute imports of that package's own name are turned to the private one. Called by ``evaluating``, in a process of its
own, which ends with the load.
"""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from importlib.abc import Loader

_PREFIX = "_declared_"


class PrivateImports:
    """The finder and loader of one load; ``outside`` holds the bytes of modules read from outside the folder.

    Not derived from the classes of ``importlib.abc``, whose import takes longer than all else here.
    """

    def __init__(self, folder: Path, contents: Mapping[Path, bytes]) -> None:
        self.folder = folder
        self.contents = contents
        self.outside: dict[Path, bytes] = {}
        self.roots: dict[str, Path] = {}
        self.paths: dict[str, Path] = {}
        self._loader = cast("Loader", self)

    def activate(self) -> None:
        """From now on private names can be imported in this process."""
        sys.meta_path.insert(0, self)

    def load(self, path: Path) -> ModuleType:
        """Import one file; whatever it raises is raised."""
        root = _package_root(path) or self.folder
        private = self._private_name(root)
        parts = list(path.relative_to(root).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        name = ".".join([private, *(part.replace(".", "_dot_") for part in parts)])
        for size in range(1, len(parts) + 1):
            here = root.joinpath(*parts[:size])
            self.paths[".".join(name.split(".")[: size + 1])] = path if here == path.with_suffix("") else here
        return importlib.import_module(name)

    def own_file(self, filename: str) -> Path | None:
        """The path of a traceback's file if it belongs to the user's package."""
        path = Path(filename)
        return path if any(path.is_relative_to(root) for root in (self.folder, *self.roots.values())) else None

    def public(self, text: str) -> str:
        """A message with private module names turned back."""
        for private, root in self.roots.items():
            text = text.replace(f"{private}.", f"{root.name}.").replace(private, root.name)
        return text

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A package, a module or a plain folder below one of the roots."""
        top, *rest = fullname.split(".")
        if top not in self.roots:
            return None
        path_found = self.paths.get(fullname) or self.roots[top].joinpath(*rest)
        if path_found.is_dir():
            return self._package_spec(fullname, path_found)
        file = path_found if path_found.suffix == ".py" else path_found.with_name(f"{path_found.name}.py")
        if not file.is_file():
            return None
        spec = ModuleSpec(fullname, self._loader, origin=str(file))
        spec.has_location = True
        return spec

    def create_module(self, _spec: ModuleSpec) -> ModuleType | None:
        """Python makes the module itself."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Compile the bytes that were read; a plain folder has nothing to run."""
        origin = module.__spec__.origin if module.__spec__ else None
        if origin is None:
            return
        tree = ast.parse(self._read(Path(origin)), origin)
        private = module.__name__.split(".", maxsplit=1)[0]
        tree = OwnImports(private, self.roots[private]).visit(tree)
        exec(compile(tree, origin, "exec", dont_inherit=True), vars(module))  # noqa: S102 - class files are code

    def _package_spec(self, fullname: str, folder: Path) -> ModuleSpec:
        init = folder / "__init__.py"
        spec = ModuleSpec(fullname, self._loader, origin=str(init) if init.is_file() else None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        spec.has_location = spec.origin is not None
        return spec

    def _private_name(self, root: Path) -> str:
        for name, known in self.roots.items():
            if known == root:
                return name
        name = f"{_PREFIX}{len(self.roots)}"
        self.roots[name] = root
        return name

    def _read(self, path: Path) -> bytes:
        if path in self.contents:
            return self.contents[path]
        return self.outside.setdefault(path, path.read_bytes())


def _package_root(path: Path) -> Path | None:
    """The topmost of the ancestors that have an ``__init__.py`` without a gap."""
    root = None
    for ancestor in path.parents:
        if not (ancestor / "__init__.py").is_file():
            break
        root = ancestor
    return root


class OwnImports(ast.NodeTransformer):
    """``from app.config import x`` → ``from _private.config import x``, where ``app`` is the package root's name."""

    def __init__(self, private: str, root: Path) -> None:
        self.private = private
        self.root = root
        self.name = root.name if root.name not in sys.stdlib_module_names else None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        """``from app… import …``."""
        if node.level == 0 and node.module and self._is_own(node.module):
            node.module = self.private + node.module.removeprefix(str(self.name))
        return node

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        """``import app…``, with and without ``as``; what the statement binds stays the same."""
        statements: list[ast.stmt] = []
        for alias in node.names:
            names = [alias]
            if self._is_own(alias.name):
                private = self.private + alias.name.removeprefix(str(self.name))
                names = [ast.alias(private, alias.asname or self.private)]
                if not alias.asname:
                    names = [ast.alias(private, None), ast.alias(self.private, self.name)]
            statements += [ast.copy_location(ast.Import([name]), node) for name in names]
        return [ast.fix_missing_locations(statement) for statement in statements]

    def _is_own(self, module: str) -> bool:
        top, *rest = module.split(".")
        if top != self.name:
            return False
        if (self.root / "__init__.py").is_file():
            return True
        target = self.root.joinpath(*rest)
        return bool(rest) and (target.is_dir() or target.with_name(f"{target.name}.py").is_file())
