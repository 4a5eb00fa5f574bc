"""Chats rendered by Jinja2 as Hugging Face's transformers sets it up, which publishers test with.

Reads {"templates": [[source, bos, eos], ...], "chats": [...]} and prints, for each template and
each chat, the text without and with the start of an answer; null where the template refuses.
"""

import json
import sys

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(Extension):
    """Tags around answers, of use in training only."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.Scope(body, lineno=line)


def refuse(message):
    raise TemplateError(message)


def to_json(value, ensure_ascii=False, indent=None):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)


def render(template, chat, answer, bos, eos):
    try:
        return template.render(**chat, add_generation_prompt=answer, bos_token=bos, eos_token=eos)
    except (TemplateError, TypeError, AttributeError):
        return None


environment = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
)
environment.filters["tojson"] = to_json
environment.globals["raise_exception"] = refuse

cases = json.load(sys.stdin)
texts = []
for source, bos, eos in cases["templates"]:
    template = environment.from_string(source)
    texts.append(
        [[render(template, chat, answer, bos, eos) for answer in (False, True)] for chat in cases["chats"]]
    )
json.dump(texts, sys.stdout)
