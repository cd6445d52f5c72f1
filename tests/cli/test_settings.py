# SPDX-License-Identifier: GPL-2.0-or-later
"""What the daemons read of cluster.conf, and what its schema says, are the same: names, bounds, words.

The sources are read as text: tables of struct clu_opt, calls that take a number or flag of an attribute, and every
name that is asked for with clu_node_attr().
"""
import glob
import os
import re
from xml.etree import ElementTree

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RNG = "{http://relaxng.org/ns/structure/1.0}"
OLD = "{hawser}old"

# To which element a table, or the first argument of a call, belongs. A new one has to be named here.
TABLES = {"daemon_opts": "fence_daemon", "rows": "quorumd", "heuristic_rows": "heuristic", "cman_opts": "cman"}
NODES = {"m->cman": "cman", "m->totem": "totem", "m.totem": "totem", "cn->xml": "clusternode", "xml": "multicast",
         'clu_node_child(first, "altname")': "altname", "i": "interface"}
KEYS = {"totem_keys": "totem", "link_keys": "interface"}
# An argument of a call, itself a call perhaps.
ARGUMENT = r'(?:[^(),]|\((?:[^()]|\([^()]*\))*\))+'
# They read something else with the same functions: agents' metadata, a simulation's own text.
OTHER_TEXTS = ("rgmanager/rg_meta.c", "rgmanager/rg_sim_agents.c")


def schema():
    """{element: {attribute: pattern}}; of elements with one name, all attributes together."""
    root = ElementTree.parse(TOP + "/conf/cluster.rng").getroot()
    defines = {d.get("name"): d for d in root.iter(RNG + "define")}
    elements = {}

    def collect(pattern, attributes):
        for child in pattern:
            if child.tag == RNG + "attribute" and child.get("name"):
                attributes[child.get("name")] = child
            elif child.tag == RNG + "ref" and defines[child.get("name")].find(RNG + "element") is None:
                collect(defines[child.get("name")], attributes)
            elif child.tag != RNG + "element":
                collect(child, attributes)

    for element in root.iter(RNG + "element"):
        if element.get("name"):
            collect(element, elements.setdefault(element.get("name"), {}))
    return elements, defines


ELEMENTS, DEFINES = schema()


def sources():
    for folder in ("lib", "ccsd", "cman", "fenced", "dlm", "rgmanager", "gnbd"):
        for path in sorted(glob.glob("%s/%s/*.[ch]" % (TOP, folder))):
            with open(path, encoding="utf-8") as f:
                yield os.path.relpath(path, TOP), f.read()


CONSTANTS = dict(pair for _, text in sources() for pair in re.findall(r"^#define (\w+) (-?\d+)\b", text, re.M))


def value(text):
    """A number of C: 5, -1, MAX_DELAY_S, CMAN_MAX_LINKS - 1."""
    words = re.sub(r"[A-Z_]\w*", lambda m: CONSTANTS[m.group(0)], text.strip())
    assert re.fullmatch(r"[-+*\d ]+", words), text
    return eval(words)  # pylint: disable=eval-used


def said(element, name):
    """What the schema says of an attribute's value: ("int", min, max), ("flag",), ("word",), ("words", set), ("text",)."""
    assert name in ELEMENTS[element], "the schema has no attribute %s in <%s>" % (name, element)
    pattern = ELEMENTS[element][name]
    ref = pattern.find(RNG + "ref")
    if ref is not None and ref.get("name") in ("flag", "word"):
        return (ref.get("name"),)
    data = pattern.find(RNG + "data")
    if data is not None and data.get("type") == "integer":
        bounds = {p.get("name"): int(p.text) for p in data}
        return ("int", bounds["minInclusive"], bounds["maxInclusive"])
    words = {v.text for v in pattern.iter(RNG + "value")}
    return ("words", words) if words else ("text",)


def tables():
    """(file, table, rows as (name, type, min, max, default, choices))"""
    for path, text in sources():
        for m in re.finditer(r"static const struct clu_opt (\w+)\[\] = \{\n(.*?)\n\};", text, re.S):
            rows = re.findall(r'\{ "(\w+)", (CLU_OPT_\w+), ([^,]+), ([^,]+), ("[^"]*"|NULL), (\w+)', m.group(2))
            macros = re.findall(r'^\s*(NUMBER|FLAG)\((\w+), ([^)]*)\)', m.group(2), re.M)
            for kind, name, rest in macros:
                args = [a.strip() for a in rest.split(",")]
                rows.append((name, "CLU_OPT_INT", args[0], args[1], args[2], "NULL") if kind == "NUMBER" else
                            (name, "CLU_OPT_BOOL", "0", "0", args[0], "NULL"))
            count = len(re.findall(r"^\s*(?:\{|NUMBER|FLAG)", m.group(2), re.M))
            assert count == len(rows), "%s: %s: %d rows, %d of them understood" % (path, m.group(1), count, len(rows))
            yield path, text, m.group(1), rows


def test_tables():
    seen = set()
    for path, text, table, rows in tables():
        assert table in TABLES, "%s: whose attributes are in the table %s? Say it in TABLES" % (path, table)
        seen.add(table)
        for name, kind, low, high, default, choices in rows:
            where = "%s: %s of <%s>" % (path, name, TABLES[table])
            if kind in ("CLU_OPT_INT", "CLU_OPT_UINT"):
                low, high = value(low), value(high)
                # -1 that is the default as well stands for "not given".
                given = said(TABLES[table], name)
                assert given[0] == "int", where
                assert (given[1] == low or (low == -1 and default == '"-1"')) and given[2] == high, (where, given, low, high)
            elif kind == "CLU_OPT_BOOL":
                assert said(TABLES[table], name) == ("flag",), where
            elif kind == "CLU_OPT_ENUM":
                words = re.search(r"const char \*const %s\[\] = \{ ([^}]*), NULL" % choices, text).group(1)
                assert said(TABLES[table], name) == ("words", set(re.findall(r'"([^"]*)"', words))), where
            else:
                assert said(TABLES[table], name)[0] == "text", where
    assert seen == set(TABLES), "these are no more: %s" % (set(TABLES) - seen)


def test_numbers_and_flags():
    """number() and flag() of cman_plan.c."""
    with open(TOP + "/cman/cman_plan.c", encoding="utf-8") as f:
        text = f.read()
    numbers = re.findall(r'\bnumber\(&?m,\s*(%s), "(\w+)", ([^,]+), ([^,]+),' % ARGUMENT, text)
    flags = re.findall(r'\bflag\(&?m,\s*(%s), "(\w+)"' % ARGUMENT, text)
    assert len(numbers) >= 8 and len(flags) >= 3
    for node, name, low, high in numbers:
        assert node in NODES, "cman_plan.c: which element is %s? Say it in NODES" % node
        assert said(NODES[node], name) == ("int", value(low), value(high)), (node, name)
    for node, name in flags:
        assert said(NODES[node], name)[0] in ("flag", "words"), (node, name)


def test_keys_of_corosync():
    with open(TOP + "/cman/cman_conf.c", encoding="utf-8") as f:
        text = f.read()
    for table, element in KEYS.items():
        rows = re.search(r"struct key %s\[\] = \{\n(.*?)\n\};" % table, text, re.S).group(1)
        for name, kind in re.findall(r'\{ "(\w+)", (\w+)', rows):
            assert name in ELEMENTS[element], "the schema has no attribute %s in <%s>" % (name, element)
            old = ELEMENTS[element][name].get(OLD) is not None
            assert old == (kind == "GONE"), "%s in <%s>: does something read it, or not?" % (name, element)
            if kind == "NUMBER":
                assert said(element, name)[0] == "int" and said(element, name)[1] >= 0, name
            elif kind == "WORD":
                assert said(element, name)[0] in ("words", "flag", "word"), name
    for name in re.findall(r'"(\w+)"', re.search(r"const char \*const through\[\] = \{(.*?)\};", text, re.S).group(1)):
        assert name in ELEMENTS["cman"], "the schema has no attribute %s in <cman>" % name


def names_asked_for():
    names = {}
    for path, text in sources():
        if path not in OTHER_TEXTS:
            for _, name in re.findall(r'clu_node_attr\((%s),\s*"([^"]+)"\)' % ARGUMENT, text):
                names.setdefault(name, path)
    return names


def test_names():
    known = {name for attributes in ELEMENTS.values() for name in attributes}
    asked = names_asked_for()
    assert len(asked) > 30
    for name, path in sorted(asked.items()):
        assert name in known, "%s asks for an attribute %s, which the schema refuses everywhere" % (path, name)


def test_what_is_old_is_not_read():
    asked = names_asked_for()
    for element, attributes in ELEMENTS.items():
        for name, pattern in attributes.items():
            if pattern.get(OLD) is None or name not in asked:
                continue
            others = [e for e in ELEMENTS if name in ELEMENTS[e] and ELEMENTS[e][name].get(OLD) is None]
            assert others, "%s reads %s, and the schema says of <%s> that nothing does" % (asked[name], name, element)


def test_known_parameters_are_listed_twice():
    """Those of fence agents, and the exception from "any other name", which RelaxNG wants to have apart."""
    define = DEFINES["agent-parameters"]
    attributes = {a.get("name") for a in define.iter(RNG + "attribute") if a.get("name")}
    excepted = {n.text for n in define.iter(RNG + "name")}
    assert excepted == attributes | {"name", "agent"}, excepted ^ attributes


def test_resource_agents_of_ours():
    """Their metadata stand in the sources, of scripts as they are, of C programs with escaped quotes."""
    agents = 0
    for path in sorted(glob.glob(TOP + "/agents/*/*")):
        with open(path, encoding="utf-8") as f:
            text = f.read().replace('\\"', '"')
        kind = re.search(r'<resource-agent [^>]*\bname="([\w-]+)"', text) or re.search(r'<resource-agent name="([\w-]+)"', text)
        names = re.findall(r'<parameter name="(\w+)"', text)
        if not kind or not names:
            continue
        agents += 1
        assert kind.group(1) in ELEMENTS, "%s: the schema has no <%s>" % (path, kind.group(1))
        for name in names:
            assert name in ELEMENTS[kind.group(1)], "%s: the schema has no %s in <%s>" % (path, name, kind.group(1))
    assert agents >= 4


def test_fence_agents_of_ours():
    """Names and further spellings in their tables; help and version are for the command line."""
    names = set()
    for path in glob.glob(TOP + "/agents/fence/*.[ch]"):
        with open(path, encoding="utf-8") as f:
            for name, also in re.findall(r'\{ \.name = "(\w+)",(?:\s*\.also = "([^"]*)")?', f.read()):
                names |= {name} | set(also.split())
    assert len(names) > 20
    missing = names - set(ELEMENTS["device"]) - {"help", "version"}
    assert not missing, "the schema refuses parameters of our own fence agents: %s" % missing
