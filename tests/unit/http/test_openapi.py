#!/usr/bin/python3
"""The desk's route table and docs/openapi.yaml say the same. usage: test_openapi.py PRINTER OPENAPI"""
import re
import subprocess
import sys

import yaml


def routes_of_table(printer):
    rows = subprocess.run([printer], check=True, capture_output=True, text=True).stdout.splitlines()
    cells = [row.split(" ", 3) for row in rows]
    return {(method, path): rest for method, path, *rest in cells}


def operations_of(document):
    for path, item in document["paths"].items():
        for method in ("get", "post", "put", "delete"):
            if method in item:
                yield (method.upper(), path), item[method], item.get("parameters", [])


def media_type_of(operation):
    return ", ".join(operation.get("requestBody", {}).get("content", {"-": None}))


def surface_of(operation):
    servers = operation.get("servers", [])
    if any("unix socket" in server.get("description", "") for server in servers):
        return "local" if len(servers) == 1 else "operatorlocal"
    return "operatorlocal" if operation.get("security") == [] else "operator"


def names_in_path(document, parameters):
    for parameter in parameters:
        if "$ref" in parameter:
            parameter = document["components"]["parameters"][parameter["$ref"].split("/")[-1]]
        if parameter["in"] == "path":
            yield parameter["name"]


def main():
    routes = routes_of_table(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as file:
        document = yaml.safe_load(file)
    operations = {key: (operation, shared) for key, operation, shared in operations_of(document)}
    checks = []

    def check(name, wrong):
        checks.append((name, sorted(map(str, wrong))))

    check("every route is described", set(routes) - set(operations))
    check("every operation has a route", set(operations) - set(routes))
    both = set(routes) & set(operations)
    check("surfaces agree", [k for k in both if surface_of(operations[k][0]) != routes[k][0]])
    check("media types agree", [
        k for k in both
        # a POST without a body is taken with JSON's media type, like all others
        if media_type_of(operations[k][0]) not in (routes[k][1], "-")
        or (routes[k][1] == "-") != (k[0] == "GET")
    ])
    check("path parameters are described", [
        k for k in both
        if re.findall(r"{(\w+)}", k[1]) != list(names_in_path(document, operations[k][1]))
    ])
    check("operation ids are there once", [
        k for k in operations
        if [o[0].get("operationId") for o in operations.values()].count(operations[k][0].get("operationId")) != 1
    ])
    check("every operation can answer with a problem", [
        k for k, (operation, _) in operations.items()
        if "default" not in operation["responses"] and k[1] not in ("/livez", "/readyz")
    ])
    print(f"1..{len(checks)}")
    for number, (name, wrong) in enumerate(checks, 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
        for line in wrong:
            print(f"# {line}")
    sys.exit(any(wrong for _, wrong in checks))


main()
