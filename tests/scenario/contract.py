"""docs/openapi.yaml as a contract: every answer that a test gets from the operators' interface is
checked against it."""

import functools
import pathlib
import re

import jsonschema
import yaml

FILE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs" / "openapi.yaml"


@functools.lru_cache(None)
def document():
    with open(FILE, encoding="utf-8") as file:
        return yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _resolve(node):
    while "$ref" in node:
        target = document()
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


@functools.lru_cache(None)
def _templates():
    """Path templates as patterns, literal ones before those with parameters."""
    paths = sorted(document()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + "$"), path)
            for path in paths]


def operation(method, target):
    """The described operation that a request meets, or None."""
    path = target.split("?")[0]
    for pattern, template in _templates():
        item = document()["paths"][template]
        if pattern.match(path) and method.lower() in item:
            return item[method.lower()]
    return None


def validate(schema, instance):
    resolver = jsonschema.RefResolver("", document())
    jsonschema.Draft202012Validator(schema, resolver=resolver).validate(instance)


def check(method, target, answer):
    """The answer is one that the operation may give: status, media type, shape."""
    described = operation(method, target)
    if described is None:  # an address that does not exist answers with a problem all the same
        assert answer.status in (404, 405), (method, target, answer)
        validate({"$ref": "#/components/schemas/Problem"}, answer.json)
        return
    responses = described["responses"]
    response = _resolve(responses.get(str(answer.status), responses.get("default", {})))
    assert response, (method, target, answer)
    assert answer.media_type in response["content"], (method, target, answer)
    if answer.media_type.endswith("json"):
        validate(response["content"][answer.media_type]["schema"], answer.json)
