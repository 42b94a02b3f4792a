"""Absolute imports of the user's own package, turned to its private name. Called by ``private_import``."""

from __future__ import annotations

import ast
import sys
from pathlib import Path


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
