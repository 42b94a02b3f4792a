"""Keep DynamoDB tables as declared: observe, diff, plan, apply, report; repeat."""

__version__ = "0.1.0"


def install_line(extra: str) -> str:
    """How to install an extra. Not by name, because no package index has this distribution yet."""
    return f"pip install '.[{extra}]' in a checkout of dynamodb-reconciler"
