"""Import every module of a generated client, and name the operations that it lacks.

    import_client.py SPEC DIRECTORY

An operation may lack only because its body is of a media type that the generator does not know.
"""

import importlib
import json
import pkgutil
import sys
from pathlib import Path

KNOWN_BODIES = {
    "application/json",
    "application/merge-patch+json",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "multipart/form-data",
}


def main(spec: str, directory: str) -> int:
    """Import the client in the directory; return 1 if an operation lacks without reason."""
    sys.path.insert(0, directory)
    client = importlib.import_module("safeguarding_client")
    found = {
        module.name.rpartition(".")[2]: importlib.import_module(module.name)
        for module in pkgutil.walk_packages(client.__path__, "safeguarding_client.")
    }
    document = json.loads(Path(spec).read_text(encoding="utf-8"))
    lacking = {
        operation["operationId"]: set(operation.get("requestBody", {}).get("content", {}))
        for operations in document["paths"].values()
        for operation in operations.values()
        if operation["operationId"] not in found
    }
    sys.stdout.write(f"Python client: {len(found)} modules import\n")
    for name, bodies in lacking.items():
        sys.stdout.write(f"Python client: no {name}, its body is {', '.join(bodies) or 'none'}\n")
    return int(any(bodies & KNOWN_BODIES or not bodies for bodies in lacking.values()))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
