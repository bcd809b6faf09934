"""What the gate costs behind Debian's nginx: for bench/gate. The server, the device and the boundary are those of the
scenario tests; nginx is configured by what packaging/nginx has, and nginx and the gate share one core."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys

import bed

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "scenario"))

import doors  # noqa: E402
import lab  # noqa: E402

CONNECTIONS = 32
ROUNDS = 5  # of each path in turn: what else the machine does falls on both
BARS = {"auth_request_per_s": 20000, "nginx_cost_ratio": 2.7}
GOALS = {"nginx_cost_ratio": 2.3}
UNITS = {"nginx_cost_ratio": "times", "nginx_plain_s_per_1000": "CPU s", "nginx_gate_s_per_1000": "CPU s"}


class Nginx(doors.Nginx):
    """An empty file for whoever comes, and for whom the gate admits."""

    def __init__(self, folder, site, root, socket):
        for name in ("plain", doors.SERVICE):
            (folder / "files" / name).mkdir(parents=True)
            (folder / "files" / name / "x").touch()
        super().__init__(folder, site, root, socket, doors.question_place(folder, doors.SERVICE) + f"""
        root {folder}/files;
        location /plain/ {{ }}
        location /{doors.SERVICE}/ {{ auth_request /_troth/{doors.SERVICE}; }}""",
                         "keepalive_requests 100000000; open_file_cache max=16;")

    @property
    def worker(self):
        return bed.children(self.child.pid)[0]


def pin(pid, core):
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


def load(count, request, *where):
    """How many were answered, and in what time."""
    core = max(os.sched_getaffinity(0))
    done = subprocess.run([bed.program("bench-gate-load"), str(count), str(CONNECTIONS), *map(str, where)],
                          input=request.encode(), stdout=subprocess.PIPE, check=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    return json.loads(done.stdout)


def words_of(holder):
    return {"Service": doors.SERVICE, "Path": f"/{doors.SERVICE}/x", **doors.words_of(holder)}


def measure_alone(gate, holder, count):
    """Answers a second of the gate's CPU, asked in nginx's words."""
    head = "".join(f"X-Troth-{name}: {value}\r\n" for name, value in words_of(holder).items())
    before = bed.cpu_s(gate.child.pid)
    done = load(count, f"GET / HTTP/1.1\r\nHost: gate\r\n{head}\r\n", gate.socket)
    took = bed.cpu_s(gate.child.pid) - before
    bed.say(f"gate alone: {done['done'] / done['seconds']:.0f} answers/s by the clock")
    return done["done"] / took


def measure_path(nginx, gate, holder, path, count):
    """CPU seconds of nginx and the gate for 1,000 requests."""
    request = f"GET /{path}/x HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"
    pids = (nginx.worker, gate.child.pid)
    before = sum(map(bed.cpu_s, pids))
    done = load(count, request, nginx.port, nginx.site, holder.chain_file, holder.key_file)
    bed.say(f"{path}: {done['done'] / done['seconds']:.0f} requests/s by the clock")
    return (sum(map(bed.cpu_s, pids)) - before) / done["done"] * 1000


def figures(count, folder):
    """One run over a fresh server."""
    with contextlib.ExitStack() as stack:
        server = lab.Server(folder / "troth").init()
        stack.callback(server.kill)
        server.start()
        operator = server.bootstrap()
        troth = operator.command_line(folder / "operator")
        operator.add_product("meter")
        state = doors.enrol(troth, folder, "bench")
        troth("binding", "add", doors.SERVICE, "--product", "meter", "--actions", "request", "--pattern",
              f"/{doors.SERVICE}/")
        holder = doors.holder(server, operator, folder, "meter", "SN-1")
        gate = stack.enter_context(doors.Gate(state, folder))
        site = doors.site_certificate(folder)
        nginx = Nginx(folder, site, server.root_pem, gate.socket)
        stack.enter_context(nginx)
        doors.sure(lambda: gate.ask(**words_of(holder))[0] == 204)
        core = min(os.sched_getaffinity(0))
        pin(gate.child.pid, core)
        pin(nginx.worker, core)
        alone = measure_alone(gate, holder, 4 * count)
        rounds = [[measure_path(nginx, gate, holder, path, count // ROUNDS) for path in ("plain", doors.SERVICE)]
                  for _ in range(ROUNDS)]
        plain, gated = (sum(each) / ROUNDS for each in zip(*rounds))
        return {"auth_request_per_s": alone, "nginx_plain_s_per_1000": plain, "nginx_gate_s_per_1000": gated,
                "nginx_cost_ratio": gated / plain}


def add(report, count, folder):
    for figure, value in figures(count, folder).items():
        report.add(figure, value, UNITS.get(figure, "per CPU s"), BARS.get(figure), GOALS.get(figure))
