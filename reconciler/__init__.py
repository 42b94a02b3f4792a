"""Keep DynamoDB tables as declared: observe, diff, plan, apply, report; repeat."""

__version__ = "0.1.0"
