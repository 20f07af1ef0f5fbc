from underglass.analysis.inlinecallee import Callees
from underglass.analysis.inlinecost import Part, Stopped, count
from underglass.toolchain.layouts import first_fields, type_of
def parts_of(asked):
    callees = Callees(asked, asked.intrinsics)
    files = {}
    for p in asked.imports:
        files[p.name] = files.get(p.name, ()) + tuple(p.directory / f for f in p.files)
    own = asked.package
    own_files = tuple(own.directory / f for f in own.files)
    def zero(node):
        name = node.facts.partition(" ")[0].rpartition(".")[2]
        of = node.first
        struct = type_of(of.facts)
        package, dot, plain = struct.partition("[")[0].rpartition(".")
        if package in ("", own.name):
            offset = asked.layouts.get(f"{plain}_{name}")
            if offset is not None and "[" not in struct:
                return offset == 0
            if not package or package not in files:
                return name in first_fields(struct, own_files)
        return name in first_fields(struct, files.get(package, ()))
    out = {}
    for v in asked.listing.verdicts:
        callees.current = v.name
        body = asked.trees.get(v.name)
        if body is not None:
            try:
                out[v.name] = count(body, callees, zero)
            except Stopped as e:
                out[v.name] = str(e)
        callees.judged[v.name] = v
    return out
