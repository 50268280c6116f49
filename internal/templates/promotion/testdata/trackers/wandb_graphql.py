"""As much of GraphQL as the client of Weights & Biases sends: one operation, its fragments, arguments and @include.

Objects are dictionaries. A field that takes arguments, or is dear, is a function of them. What a request asks for and
an object does not have is an error, as it is on a server with another schema.
"""

import json
import re

TOKEN = re.compile(r'\.\.\.|[{}()\[\]:=!@$]|"(?:[^"\\]|\\.)*"|[-\w.]+')
CONSTANTS = {"true": True, "false": False, "null": None}


class Wrong(Exception):
    """What a server answers with ``errors``."""


class Document:
    """One request, read."""

    def __init__(self, text):
        text = re.sub(r"#.*", "", text)
        self.tokens, self.at = TOKEN.findall(text), 0
        self.fragments, self.kind, self.name, self.declared, self.selection = {}, "", "", {}, []
        while self.at < len(self.tokens):
            self.definition()

    def next(self, expected=None):
        token = self.tokens[self.at]
        self.at += 1
        if expected not in (None, token):
            raise Wrong(f"syntax: {expected} expected, not {token}")
        return token

    def here(self, token):
        return self.at < len(self.tokens) and self.tokens[self.at] == token

    def definition(self):
        kind, name = self.next(), self.next()
        if kind == "fragment":
            self.next("on")
            self.next()
            self.fragments[name] = self.selections()
            return
        self.kind, self.name = kind, name
        if self.here("("):
            self.variables()
        self.selection = self.selections()

    def variables(self):
        self.next("(")
        while not self.here(")"):
            self.next("$")
            name = self.next()
            self.next(":")
            kind = ""
            while self.tokens[self.at] not in ("$", "=", ")"):
                kind += self.next()
            given = {}
            if self.here("="):
                self.next()
                given = {"default": self.value()(None)}
            self.declared[name] = {"type": kind, **given}
        self.next(")")

    def selections(self):
        found = []
        self.next("{")
        while not self.here("}"):
            found.append(self.spread() if self.here("...") else self.field())
        self.next("}")
        return found

    def spread(self):
        self.next("...")
        if self.here("on"):
            self.next()
            return {"on": self.next(), "when": self.directive(), "selection": self.selections()}
        return {"fragment": self.next(), "when": self.directive()}

    def field(self):
        alias = name = self.next()
        if self.here(":"):
            self.next()
            name = self.next()
        arguments = self.arguments() if self.here("(") else {}
        when = self.directive()
        inner = self.selections() if self.here("{") else None
        return {"alias": alias, "name": name, "arguments": arguments, "when": when, "selection": inner}

    def directive(self):
        if not self.here("@"):
            return lambda _: True
        self.next()
        self.next("include")
        return self.arguments()["if"]

    def arguments(self):
        found = {}
        self.next("(")
        while not self.here(")"):
            name = self.next()
            self.next(":")
            found[name] = self.value()
        self.next(")")
        return found

    def value(self):
        """Give a function of the variables."""
        token = self.next()
        if token == "$":
            name = self.next()
            return lambda given: given.get(name)
        if token == "[":
            items = []
            while not self.here("]"):
                items.append(self.value())
            self.next("]")
            return lambda given: [item(given) for item in items]
        if token == "{":
            fields = {}
            while not self.here("}"):
                name = self.next()
                self.next(":")
                fields[name] = self.value()
            self.next("}")
            return lambda given: {name: field(given) for name, field in fields.items()}
        constant = (
            CONSTANTS[token] if token in CONSTANTS else json.loads(token) if token[0] in '"-0123456789' else token
        )
        return lambda _: constant

    def given(self, variables):
        """Check the variables of a request against what the operation declares, and add what is left out."""
        if unknown := set(variables) - set(self.declared):
            raise Wrong(f"{self.name} declares no variable {sorted(unknown)}")
        full = {name: variables.get(name, each.get("default")) for name, each in self.declared.items()}
        for name, each in self.declared.items():
            if each["type"].endswith("!") and full[name] is None:
                raise Wrong(f"{self.name} needs variable {name}")
        return full

    def answer(self, variables, root):
        """Give what the operation selects."""
        return self.select(self.selection, self.given(variables), root)

    def select(self, selection, given, value):
        if selection is None or value is None:
            return value
        if isinstance(value, list):
            return [self.select(selection, given, each) for each in value]
        found = {}
        for each in selection:
            if not each["when"](given):
                continue
            if "fragment" in each:
                found |= self.select(self.fragments[each["fragment"]], given, value)
            elif "on" in each:
                found |= self.select(each["selection"], given, value) if value["__typename"] == each["on"] else {}
            else:
                found[each["alias"]] = self.select(each["selection"], given, self.resolve(each, given, value))
        return found

    def resolve(self, field, given, value):
        if field["name"] not in value:
            raise Wrong(f'Cannot query field "{field["name"]}" on type "{value.get("__typename")}".')
        got = value[field["name"]]
        arguments = {name: argument(given) for name, argument in field["arguments"].items()}
        if callable(got):
            return got(**arguments)
        if arguments:
            raise Wrong(f'Unknown argument on field "{field["name"]}".')
        return got
