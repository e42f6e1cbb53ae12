"""The JSON Schemas of analysis.json and of comparisons, made from the Swift sources that write them, and a checker for them.

    schema.py make               writes Sources/Reporting/Schemas/*.schema.json anew
    schema.py check FILE...      each file against its schema (a comparison's has the key runsA, a campaign's points), and both against the sources

A file whose name ends in .cut.json has had its long arrays shortened, with a word in place of the rest: those words are no fault.
"""

import json
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = TOP / "Sources/Reporting/Schemas"
MODULES = ("Reporting", "LatencyStatistics", "ExperimentModel")
ROOTS = {
    "analysis": ("RunAnalysis", "All figures of one run of latexp: analysis.json"),
    "campaign": ("CampaignAnalysis", "All figures of a campaign of latexp: its analysis.json"),
    "comparison": ("RunComparison", "A comparison of runs: latexp compare --format json"),
}
PLAIN = {
    "String": {"type": "string"},
    "Bool": {"type": "boolean"},
    "Int": {"type": "integer"},
    "Int32": {"type": "integer"},
    "Int64": {"type": "integer"},
    "UInt64": {"type": "integer", "minimum": 0},
    "Double": {"type": "number"},
}


def types():
    """Every Codable struct and enum of the modules: its kind, description, and members with theirs."""
    found = {}
    for module in MODULES:
        for file in sorted((TOP / "Sources" / module).rglob("*.swift")):
            read(file.read_text(), found)
    return found


def read(text, found):
    stack = []
    comment = []
    depth = 0
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("///"):
            comment.append(bare[3:].strip())
            continue
        start = re.match(r"(?:public |indirect )*(struct|enum)\s+(\w+)\s*:\s*([^{]*)\{", bare)
        if start:
            outer = stack[-1][0] + "." if stack else ""
            name = outer + start.group(2)
            stack.append((name, depth))
            if "Codable" in start.group(3):
                kind, inherits = start.group(1), start.group(3)
                found[name] = {"kind": kind, "isText": "String" in inherits, "about": about(comment), "members": {}}
        elif stack and stack[-1][0] in found and depth == stack[-1][1] + 1:
            member(bare, comment, found[stack[-1][0]])
        elif re.match(r"(?:public |extension |final |private |fileprivate )*(?:extension|class|struct|enum|actor)\b.*\{", bare):
            stack.append(("?", depth))
        depth += bare.count("{") - bare.count("}") if not bare.startswith("//") else 0
        while stack and depth <= stack[-1][1]:
            stack.pop()
        if bare and not bare.startswith("@"):
            comment = []


def member(bare, comment, owner):
    if owner["kind"] == "enum":
        case = re.match(r"case\s+(.+)$", bare)
        for one in case.group(1).split(",") if case else []:
            name, _, value = one.partition("=")
            owner["members"][value.strip().strip('"') or name.strip()] = about(comment)
        return
    variable = re.match(r"(?:public )?(?:private\(set\) )?(?:var|let)\s+(\w+)\s*(?::\s*([^={]+?))?\s*(?:=\s*(.+))?$", bare)
    if not variable or bare.startswith("static"):
        return
    name, kind, value = variable.groups()
    if kind is None:
        kind = "Int" if re.fullmatch(r"-?[\d_]+", value) else "Bool" if value in ("true", "false") else "Double"
    owner["members"][name] = (kind.strip(), about(comment))


def about(comment):
    return " ".join(line for line in comment if line)


def schema(kind, scope, found, used):
    kind = kind.strip()
    if kind.startswith("[") and ":" in kind:
        value = kind[1:-1].split(":", 1)[1]
        return {"type": "object", "additionalProperties": schema(value, scope, found, used)}
    if kind.startswith("["):
        return {"type": "array", "items": schema(kind[1:-1], scope, found, used)}
    if kind in PLAIN:
        return dict(PLAIN[kind])
    parts = scope.split(".")
    for length in range(len(parts), -1, -1):
        name = ".".join(parts[:length] + [kind])
        if name in found:
            used.append(name)
            return {"$ref": "#/$defs/" + name}
    raise SystemExit(f"what is {kind} in {scope}?")


def definition(name, found, used):
    entry = found[name]
    if entry["kind"] == "enum":
        return {
            "description": entry["about"],
            "oneOf": [{"const": value, "description": text} for value, text in entry["members"].items()],
        }
    properties = {}
    required = []
    for member, (kind, text) in sorted(entry["members"].items()):
        is_optional = kind.endswith("?")
        properties[member] = {"description": text} | schema(kind.rstrip("?"), name, found, used)
        if not is_optional:
            required.append(member)
    return {
        "description": entry["about"],
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def make():
    found = types()
    made = {}
    for file, (root, title) in ROOTS.items():
        used = [root]
        definitions = {}
        while used:
            name = used.pop()
            if name not in definitions:
                definitions[name] = definition(name, found, used)
        made[file] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": title,
            "description": "Names that end in Ns are nanoseconds. A value that does not exist has no key.",
            "$ref": "#/$defs/" + root,
            "$defs": dict(sorted(definitions.items())),
        }
    return made


def text(value):
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "integer": int}


def faults(value, rule, root, place, is_cut):
    if "$ref" in rule:
        rule = {key: part for key, part in rule.items() if key != "$ref"} | root["$defs"][rule["$ref"].split("/")[-1]]
    if is_cut and isinstance(value, str) and re.fullmatch(r"and \d+ more", value):
        return []
    if "oneOf" in rule:
        return [] if value in [choice["const"] for choice in rule["oneOf"]] else [f"{place}: {value!r} is none of the choices"]
    kind = rule["type"]
    if not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return [f"{place}: {value!r:.60} is no {kind}"]
    if value is not None and "minimum" in rule and value < rule["minimum"]:
        return [f"{place}: {value} is less than {rule['minimum']}"]
    if kind == "array":
        return [f for i, item in enumerate(value) for f in faults(item, rule["items"], root, f"{place}/{i}", is_cut)]
    if kind != "object":
        return []
    result = [f"{place}: there is no {key}" for key in rule.get("required", []) if key not in value]
    for key, item in value.items():
        inner = rule.get("properties", {}).get(key) or rule.get("additionalProperties")
        result += faults(item, inner, root, f"{place}/{key}", is_cut) if inner else [f"{place}: {key} is unknown"]
    return result


def check(files):
    made = make()
    result = []
    for name, schema_now in made.items():
        file = SCHEMAS / f"{name}.schema.json"
        if not file.exists() or file.read_text() != text(schema_now):
            result.append(f"{file} is not what the sources say: python3 {sys.argv[0]} make")
    for file in files:
        value = json.loads(pathlib.Path(file).read_text())
        root = made["comparison" if "runsA" in value else "campaign" if "points" in value else "analysis"]
        is_cut = file.endswith(".cut.json")
        result += [f"{file}{fault}" for fault in faults(value, root, root, "#", is_cut)]
    return result


if __name__ == "__main__":
    if sys.argv[1:] == ["make"]:
        for name, value in make().items():
            (SCHEMAS / f"{name}.schema.json").write_text(text(value))
    elif len(sys.argv) > 2 and sys.argv[1] == "check":
        found_faults = check(sys.argv[2:])
        print("\n".join(found_faults[:60]))
        sys.exit(1 if found_faults else 0)
    else:
        sys.exit(__doc__)
