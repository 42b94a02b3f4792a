"""What a template of another tool is evaluated with, beside its own file. Made by the wiring from the settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field

from reconciler.model.lazy_dataclass import dataclass

ENVIRONMENT_PARAMETERS = ("environment", "environmentname", "env", "envname", "stage", "stagename")
"""Names of parameters, in lower case, that ``--environment`` gives a value to."""


@dataclass(frozen=True, slots=True)
class TemplateInputs:
    """Values for parameters and references.

    ``stack`` names the stack (``AWS::StackName``), ``region`` is None where none was given. ``parameters`` are the
    given ones: a parameter by its name, an attribute of a resource as ``LogicalId.Attribute``, an exported value by its
    export name, a pseudo parameter as ``AWS::AccountId``, a variable of serverless as ``self:custom.name``.
    ``variables`` are those of the process. ``named`` are the parameters that a file of the folder must know, because
    somebody gave each by its name, and ``named_by`` is where: an option, a variable, or ``file: key``. ``files`` are
    the other files of the folder by their path, where the file that is read may include some.
    """

    stack: str = "default"
    environment: str | None = None
    region: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    named: tuple[str, ...] = ()
    named_by: str = "--parameter"
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)

    def digest(self) -> str:
        """Equal for equal inputs. Variables and files are left out.

        A file that reads a variable is not kept for another process, and one that includes files is kept with them.
        """
        values = [self.stack, self.environment, self.region, sorted(self.parameters.items())]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()

    def parameter(self, name: str) -> str | None:
        """The value given for a parameter: its own, or the environment for one of ``ENVIRONMENT_PARAMETERS``."""
        if name in self.parameters:
            return self.parameters[name]
        return self.environment if name.lower() in ENVIRONMENT_PARAMETERS else None
