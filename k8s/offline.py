"""The subcommands that need no cluster."""

from argparse import Namespace
from dataclasses import asdict

from k8s.manifests import title
from k8s.output import Output, Result
from k8s.prices import HOURS, SOURCE
from k8s.render import NAMESPACE, Choice, render, to_yaml

FORWARDS = [
    ("pictures", "svc/imagine-serve-svc", 8000, "http://127.0.0.1:8000/imagine?prompt=a+red+circle"),
    ("Ray's dashboard, which runs any code it is sent", "svc/imagine-head-svc", 8265, "http://127.0.0.1:8265/"),
    ("metrics of the head", "svc/imagine-head-svc", 8080, "http://127.0.0.1:8080/metrics"),
]


def show(args: Namespace, out: Output) -> Result:
    choice = Choice(args.overlay, args.instance, args.image, tuple(args.component), tuple(args.set))
    manifests = render(choice)
    return Result(manifests, [to_yaml(manifests).rstrip()])


def port_forward(args: Namespace, out: Output) -> Result:
    """Text only: kubectl does it well."""
    data = [
        {"what": what, "command": f"kubectl -n {NAMESPACE} port-forward {target} {port}", "url": url}
        for what, target, port, url in FORWARDS
    ]
    lines = [line for one in data for line in (f"# {one['what']}", one["command"], f"#   then {one['url']}")]
    return Result(data, lines)


def check(args: Namespace, out: Output) -> Result:
    """Exit code 1 if there is a problem. What could not be checked is said."""
    from k8s.check import OURS
    from k8s.check import check as look

    report = look([Choice(overlay) for overlay in args.overlay] or OURS, args.crds)
    told = [{"file": p.file, "object": title(p.owner), "path": p.path, "reason": p.reason} for p in report.problems]
    lines = [str(problem) for problem in report.problems]
    if report.unchecked:
        hint = "give a folder that has theirs" if args.crds else "give --crds FOLDER"
        lines.append(f"not checked, for want of their CRDs ({hint}): {', '.join(sorted(report.unchecked))}")
    lines.append(f"{report.objects} objects, {len(told)} problem{'' if len(told) == 1 else 's'}")
    data = {"problems": told, "unchecked": sorted(report.unchecked), "objects": report.objects}
    return Result(data, lines, exit_code=1 if told else 0)


def plan(args: Namespace, out: Output) -> Result:
    from k8s import plan as planning

    asked = planning.demand(args)
    picture, instance = asked.picture, asked.instance
    found = planning.plan(asked)
    pictures = asked.per_second * 3600 * HOURS / 1000
    lines = [
        f"asked for  {args.rate} of {args.size}, {args.steps} steps, guided: {picture.alone_s:.1f} s each when alone",
        f"replicas   {found.replicas}, each busy {found.busy:.0%} of the time",
        f"nodes      {found.nodes} {instance}, {found.cpu_nodes} {planning.CPU_NODE}",
        f"cost       ${found.on_demand:,.0f} a month on demand, ${found.reserved:,.0f} with inf2 reserved; "
        f"${found.on_demand / pictures:.2f} or ${found.reserved / pictures:.2f} for 1,000 pictures",
        f"waiting    half of the requests {found.waits.half:.1f} s, 95 of 100 less than {found.waits.most:.1f} s; "
        f"{found.waits.refused:.1%} refused",
        *(f"remark     {remark}" for remark in found.remarks),
        f"assumed    {args.step_ms:g} ms a step on one Inferentia2 chip (260: from a log in Ray's documentation); "
        "larger batches save nothing; each request goes to the less busy of two replicas",
        f"assumed    {SOURCE}; without traffic, disks and spot",
    ]
    return Result({**asdict(found), "alone_s": picture.alone_s, "prices": SOURCE}, lines)
