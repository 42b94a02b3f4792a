"""Remove the API descriptions of the services that the reconciler never calls, from the environment it runs in.

A step of the Dockerfile, run with the image's own interpreter after the packages are installed. What stays: the table
API, its streams and scaling, key aliases, and the services behind the SDK's credential providers.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

KEEP = frozenset(
    {"application-autoscaling", "dynamodb", "dynamodbstreams", "kms", "signin", "sso", "sso-oidc", "sts"},
)


def trim(site_packages: Path) -> int:
    """Delete the other services' folders; return how many were deleted."""
    removed = 0
    for package in ("botocore", "boto3"):
        for service in sorted((site_packages / package / "data").iterdir()):
            if service.is_dir() and service.name not in KEEP:
                shutil.rmtree(service)
                removed += 1
    return removed


if __name__ == "__main__":
    if sys.prefix == sys.base_prefix:
        sys.exit("Run this with the interpreter of a virtual environment made for the image: it deletes SDK data.")
    print(f"Removed {trim(Path(sysconfig.get_path('purelib')))} service descriptions.")
