"""YAML with what PyYAML leaves out: line numbers, duplicate keys, ``1e-7`` as a number."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from resweep.errors import InputError

# YAML 1.2's floats; YAML 1.1 (PyYAML) reads 1e-7 as a string because it lacks the dot.
_FLOAT = re.compile(
    r"""^(?:[-+]?(?:[0-9]+\.[0-9_]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)
    |[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9]+)
    |[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$""",
    re.X,
)


class _Loader(yaml.SafeLoader):
    pass


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, regexp) for tag, regexp in resolvers if not tag.endswith((":float", ":timestamp"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))


class _Dumper(yaml.SafeDumper):
    """Puts texts in quotes that the loader above would take for numbers."""


_Dumper.yaml_implicit_resolvers = {
    first: [*resolvers, *yaml.SafeDumper.yaml_implicit_resolvers.get(first, ())]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


def _represent_text(dumper: _Dumper, text: str) -> yaml.Node:
    style = '"' if len(text.splitlines()) > 1 or text != text.rstrip(_LINE_BREAKS) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


# PyYAML escapes line breaks in double quotes only.
_LINE_BREAKS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_Dumper.add_representer(str, _represent_text)


def flow(value: Any) -> str:
    """Return `value` as YAML on one line, so that `parse` gives it back."""
    text = yaml.dump(
        value,
        Dumper=_Dumper,
        default_flow_style=True,
        sort_keys=False,
        width=math.inf,
        allow_unicode=True,
    )
    return text.removesuffix("\n").removesuffix("\n...")


class Document:
    """A parsed YAML text whose values know their line.

    Attributes
    ----------
    value : Any
        The plain Python value.
    source : str
        Name of the file, for messages.
    """

    def __init__(self, value: Any, lines: dict[tuple[Hashable, ...], int], source: str):
        self.value, self.source, self._lines = value, source, lines

    def where(self, *path: Hashable) -> str:
        """Return ``"file, line n"`` of the entry at `path`, or of its nearest ancestor."""
        for length in range(len(path), -1, -1):
            if path[:length] in self._lines:
                return f"{self.source}, line {self._lines[path[:length]]}"
        return self.source


def read(path: str | Path) -> Document:
    """Parse the YAML file at `path`; see `parse`."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot be read ({error.strerror})", where=str(path), mend="check the path"
        ) from None
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", where=str(path), mend="save it as UTF-8") from None
    return parse(text, str(path))


def parse(text: str, source: str = "<text>") -> Document:
    """Parse YAML `text`.

    Raises
    ------
    InputError
        On broken syntax, a repeated key, or a value that contains itself.
    """
    lines: dict[tuple[Hashable, ...], int] = {}
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        value = None if node is None else _construct(loader, node, (), lines, source, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise InputError(
            f"is not valid YAML: {error.problem or error.context}",
            where=f"{source}, line {mark.line + 1}" if mark else source,
            mend="check indentation, quotes and brackets near that line",
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        problem = str(error).splitlines()[0]
        raise InputError(f"is not valid YAML: {problem}", where=source) from None
    finally:
        if loader is not None:
            loader.dispose()
    return Document(value, lines, source)


def _construct(
    loader: _Loader,
    node: yaml.Node,
    path: tuple[Hashable, ...],
    lines: dict[tuple[Hashable, ...], int],
    source: str,
    open_nodes: tuple[yaml.Node, ...],
) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(path, line)
    if any(node is other for other in open_nodes):
        raise InputError("an alias that contains itself", where=f"{source}, line {line}")
    kind = "map" if isinstance(node, yaml.MappingNode) else "seq"
    plain = isinstance(node, yaml.ScalarNode) or node.tag == f"tag:yaml.org,2002:{kind}"
    if not plain:
        raise InputError(
            f"is not valid YAML: the tag {node.tag!r} is not known",
            where=f"{source}, line {line}",
            mend="remove the tag",
        )
    inside = (*open_nodes, node)
    if isinstance(node, yaml.MappingNode):
        loader.flatten_mapping(node)
        result: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            if isinstance(key, bool) and key_node.value.lower() not in ("true", "false"):
                key = key_node.value  # a name such as `on`, which YAML 1.1 takes for a boolean
            key_line = key_node.start_mark.line + 1
            if not isinstance(key, Hashable):
                raise InputError("a key that is not a name", where=f"{source}, line {key_line}")
            if key in result:
                raise InputError(
                    f'the key "{key}" stands twice',
                    where=f"{source}, line {key_line}",
                    mend="keep one of the two",
                )
            lines[(*path, key)] = key_line
            result[key] = _construct(loader, value_node, (*path, key), lines, source, inside)
        return result
    if isinstance(node, yaml.SequenceNode):
        return [
            _construct(loader, item, (*path, index), lines, source, inside)
            for index, item in enumerate(node.value)
        ]
    return loader.construct_object(node, deep=True)
