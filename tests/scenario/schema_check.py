# schema_check.py HVLAB ROOT: the schema is one of draft 2020-12, takes every scenario of ROOT/scenarios and what they
# resolve to, and refuses what is plainly wrong. Status 77 (skipped) without Python's jsonschema and yaml.
import glob, json, subprocess, sys
try:
    import jsonschema, yaml
except ImportError:
    sys.exit(77)

class Loader(yaml.SafeLoader):
    """YAML 1.2's idea of a scalar, as the program's: a date is a text, on and off are no booleans."""
Loader.yaml_implicit_resolvers = {
    c: [(tag, exp) for tag, exp in pairs if tag.rsplit(":", 1)[1] not in ("timestamp", "bool")]
    for c, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", __import__("re").compile("^(true|false)$"), list("tf"))

hvlab, root = sys.argv[1:]
out = lambda *words: subprocess.run([hvlab, *words], check=True, stdout=subprocess.PIPE, text=True).stdout
schema = json.loads(out("schema"))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
files = sorted(glob.glob(root + "/scenarios/**/*.yaml", recursive=True))
assert files, "there are no scenarios"
for file in files:
    validator.validate(yaml.load(open(file), Loader))
    for document in out("validate", "--resolve", file).split("\n---\n"):
        validator.validate(yaml.load(document, Loader))
good = {"title": "x", "software": {"way": "bare"}}
assert validator.is_valid(good)
for wrong in ({"titel": "x"}, {"software": {"way": "bar"}}, {"machine": {"memory": 256}}, {"machine": {"memory": "256"}},
              {"machine": {"cores": 9}}, {"title": {"ja": "x"}}, {"cluster": {}}, {"vary": {"machine.cores": 1}}):
    assert not validator.is_valid({**good, **wrong}), wrong
